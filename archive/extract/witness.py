"""What a page tells about its portal's layout, and what the layout says of the page's lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

from lxml.html import HtmlElement

from archive.extract.labels import folded
from archive.extract.page import Page
from archive.extract.page_type import ENOUGH
from archive.extract.survey import Line
from archive.layout import Layout, Observation, Rule, Seen
from archive.text.words import words

# A headline has as many letters at least; "Sports" or "आगे पढ़ें" is none.
HEADLINE = 20
_SHORT = 600  # characters, with which a notice or an author's box outweighs a brief
_BOXES = ("div", "section", "article", "main", "td")  # what may hold a body
_OPENING = 6  # words; an excerpt, a paragraph and a card begin alike
# A card's excerpt is no longer; a story's paragraph may be.
CARD = 360
# "…" ends no sentence here: it is where an excerpt was cut.
_ENDED = re.compile(r"[.!?।॥][\"'”’»)]*$")
# Names that change from story to story: numbers, and what WordPress adds of the story's own.
_OWN = re.compile(r"\d|^(?:category|tag|author|format|status|type)-")


def digest(text: str) -> int:
    """Return 63 bits that name ``text``, case, white space and the signs at its edges aside."""
    return _digest(folded(text).casefold())


def opening(text: str) -> int:
    """Return the digest of the first words of ``text``; 0 where there are too few."""
    first = words(folded(text[:400]).casefold())[:_OPENING]
    return _digest(" ".join(first)) if len(first) == _OPENING else 0


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1


def observe(page: Page, *, title: str, description: str = "") -> Observation:
    """Return what a looked-at story's page adds to its portal's evidence; the tree is only read."""
    paths: dict[HtmlElement, str] = {}
    skeleton = _path(page.headline if page.headline is not None else page.root, paths)
    root = _digest(path) if (path := _path(page.root, paths)) else 0
    if len(words(page.text[:2000])) < ENOUGH:
        return Observation(skeleton, root, 0, (), ())
    kept = [choice.line for choice in page.choices if choice.kept]
    first = kept[0].text if kept else ""
    told = dict.fromkeys(opening(text) for text in (title, description, first))
    return Observation(
        skeleton,
        root,
        digest(title) if len(title) >= HEADLINE else 0,
        tuple(key for key in told if key),
        tuple(_seen(line, paths) for line in kept),
    )


def _seen(line: Line, paths: dict[HtmlElement, str]) -> Seen:
    return Seen(
        digest(line.text),
        _lead(line),
        opening(line.text),
        _digest(_path(line.owner, paths)),
        line.size,
        _ENDED.search(line.text) is not None,
    )


def _lead(line: Line) -> int:
    if not line.anchors:
        return 0
    text = " ".join("".join(line.anchors[0].itertext()).split())
    return digest(text) if len(text) >= HEADLINE and line.text.startswith(text) else 0


def _path(element: HtmlElement, paths: dict[HtmlElement, str]) -> str:
    """Return the names of the elements from the body down to ``element``."""
    if (known := paths.get(element)) is not None:
        return known
    parent = element.getparent()
    if parent is None or element.tag == "body":
        return ""
    names = (*element.get("class", "").split(), *(f"#{i}" for i in element.get("id", "").split()))
    name = ".".join((element.tag, *sorted(n for n in names if not _OWN.search(n.lstrip("#")))))
    above = _path(parent, paths)
    paths[element] = path = f"{above}>{name}" if above else name
    return path


def is_elsewhere(layout: Layout, observation: Observation) -> bool:
    """Tell whether a page's body is not to be believed, for its layout has a place for it.

    It is next to nothing, or no element of its own holds it, or it is short and all of it stands
    where no story's did. A long text in a new place is a story set in another way.
    """
    if not layout.root or observation.root == layout.root:
        return False
    lines = observation.lines
    if not lines or not observation.root:
        return True
    strange = not any(line.place in layout.places for line in lines)
    return strange and sum(line.size for line in lines) <= _SHORT


def find_root(page: Page, layout: Layout) -> HtmlElement | None:
    """Return the one element of the page that has the path of its layout's bodies."""
    paths: dict[HtmlElement, str] = {}
    body = page.found.root
    found = [
        element
        for element in body.iterdescendants(*_BOXES)
        if _digest(_path(element, paths)) == layout.root
    ]
    return found[0] if len(found) == 1 else None


def judge(layout: Layout, lines: Sequence[Seen]) -> list[str]:
    """Return for each line of a body why the layout says it is furniture, or ""."""
    repeated, places = layout.keys(Rule.REPEATED), layout.keys(Rule.PLACE)
    titles = [line.said in layout.titles or line.lead in layout.titles for line in lines]
    # A digest of the day's news is made of other stories' headlines.
    teased = bool(layout.teasing) and 0 < sum(titles) <= 2 * layout.most
    whys = [""] * len(lines)
    for place, line in enumerate(lines):
        if teased and titles[place]:
            whys[place] = "portal: title of another story"
        elif line.said in repeated:
            whys[place] = "portal: repeated"
        elif line.place in places:
            whys[place] = "portal: place of other stories"
        elif teased and place and whys[place - 1] and _is_excerpt(line, layout):
            whys[place] = "portal: excerpt of another story"
    if teased:
        _judge_tail(layout, lines, whys)
    _judge_labels(layout, lines, whys)
    return whys


def _is_excerpt(line: Seen, layout: Layout) -> bool:
    return line.opening in layout.openings and line.size <= CARD


def _judge_tail(layout: Layout, lines: Sequence[Seen], whys: list[str]) -> None:
    """Mark the cards at the end: from the first known one, or the unknown one before it, on."""
    start = max(0, len(lines) - layout.tail)
    known = next((place for place in range(start, len(lines)) if whys[place]), None)
    if not layout.tail or known is None:
        return
    if (
        known > start
        and lines[start].ended
        and lines[start - 1].said not in layout.keys(Rule.LABEL)
    ):
        start = known
    if any(line.size > CARD for line in lines[start:]):
        return
    for place in range(start, len(lines)):
        whys[place] = whys[place] or "portal: among other stories"


def _judge_labels(layout: Layout, lines: Sequence[Seen], whys: list[str]) -> None:
    labels = layout.keys(Rule.LABEL)
    for place in reversed(range(len(lines))):
        beside = whys[place + 1 : place + 2] != [""]
        if not whys[place] and lines[place].said in labels and beside and any(whys):
            whys[place] = "portal: label"
