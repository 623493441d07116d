"""Which lines of a page are the story's: every line gets a reason to stay or to go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.extract.blocks import Block
from archive.extract.labels import begins_inline, folded, is_call, is_label
from archive.extract.survey import HEADINGS, Line, Survey

_BOXES = frozenset(["div", "section", "article", "main", "td", "body", "center", "font", "span"])
_QUOTES = frozenset(["blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "figure", "q", "pre"])  # fmt: skip
_DECK = re.compile(
    r"(?:^|[\s_-])(?:deck|dek|standfirst|stand-first|sub-?(?:title|head(?:line|ing)?)|summary|excerpt|lead|lede|intro|teaser|description|desc|synopsis|abstract|vorspann|chapo|entradilla|bajada|sapo|strapline|blurb|kurztext|perex|ingress|manchet)(?:$|[\s_-])|standfirst|subheadline|subtitle|articlesummary|article__(?:lead|intro|summary|description)|leadtext",
    re.I,
)
_CAPTION = re.compile(
    r"caption|(?:^|[\s_-])(?:credits?|photo|image|picture|bild|foto|img|contentimage|legend|media-?(?:text|info|desc\w*))(?:$|[\s_-])",
    re.I,
)
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|written by|reported by|text|autor|author)\s*:?\s+\S+(?:\s+\S+){0,6}$"
    r"|^(?:published|updated|posted|last updated|aktualisiert|stand|publié|publicado|actualizado|प्रकाशित|अपडेट|अद्यतन)\b.{0,60}\d"
    r"|\d{1,2}[:.]\d{2}\s*(?:uhr|am|pm|ist|gmt|jst|बजे)\b|lesedauer|\bmin(?:ute)?s?\s+read\b|^\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}\b.{0,30}$",
    re.I,
)
_WORD = re.compile(r"\w")


@dataclass(slots=True, eq=False)
class Choice:
    """A line and why it stays (``kept``) or goes."""

    line: Line
    kept: bool
    why: str


def choose_lines(
    found: Survey,
    root: HtmlElement,
    blocks: Iterable[Block],
    *,
    title: str = "",
    description: str = "",
    headline: HtmlElement | None = None,
) -> list[Choice]:
    """Return the lines of ``root`` and before it, in order, each with its verdict."""
    taken = {block.element: block for block in blocks}
    memo: dict[HtmlElement, Block | None] = {found.root: None}
    containers = _containers(found, root)
    inside = {root, *root.iterdescendants()}
    plain_title = folded(title).casefold()
    choices: list[Choice] = []
    for line in found.lines:
        block = _block_of(line.owner, taken, memo)
        if block is not None:
            choices.append(Choice(line, False, f"{block.part}: {block.why}"))
        elif line.owner not in inside:
            choices.append(Choice(line, False, "elsewhere"))
        else:
            choices.append(Choice(line, *_verdict(line, root, containers, plain_title)))
    _trim(choices)
    _drop_repeats(choices)
    _add_deck(choices, description, headline, plain_title)
    return choices


def _block_of(
    element: HtmlElement, taken: dict[HtmlElement, Block], memo: dict[HtmlElement, Block | None]
) -> Block | None:
    """Return the block in which ``element`` lies; the outermost would do as well."""
    path = []
    current: HtmlElement | None = element
    while current is not None and current not in memo:
        path.append(current)
        current = current.getparent()
    block = memo[current] if current is not None else None
    for step in reversed(path):
        block = taken.get(step, block)
        memo[step] = block
    return block


def container_of(element: HtmlElement) -> HtmlElement:
    """Return what a line's paragraph lies in: the parent of its paragraph, list or quote."""
    box = element
    if box.tag in _BOXES and box.tag != "td" and box.tag != "span":
        return box
    parent = box.getparent()
    while parent is not None and parent.tag in _QUOTES:
        parent = parent.getparent()
    return box if parent is None else parent


def _signature(element: HtmlElement) -> tuple[str, str]:
    return element.tag, re.sub(r"\d+", "", element.get("class", ""))


def _containers(found: Survey, root: HtmlElement) -> tuple[set[HtmlElement], set[tuple[str, str]]]:
    """Return the elements, and the kinds of elements, in which the story's paragraphs stand."""
    whole = max(1, found.mass.get(root, 0))
    single: dict[HtmlElement, int] = {}
    alike: dict[tuple[str, str], int] = {}
    for line in found.lines:
        if line.prose and line.owner in found.mass:
            box = container_of(line.owner)
            weight = line.size - line.linked
            single[box] = single.get(box, 0) + weight
            kind = _signature(box)
            alike[kind] = alike.get(kind, 0) + weight
    return (
        {box for box, weight in single.items() if weight * 8 >= whole},
        {kind for kind, weight in alike.items() if weight * 3 >= whole and kind[1]},
    )


def _verdict(
    line: Line,
    root: HtmlElement,
    containers: tuple[set[HtmlElement], set[tuple[str, str]]],
    title: str,
) -> tuple[bool, str]:
    text, owner = line.text, line.owner
    if not _WORD.search(text):
        return False, "no words"
    plain = folded(text).casefold()
    if owner.tag in HEADINGS and (owner.tag == "h1" or plain == title):
        return False, "headline"
    if is_call(text):
        return False, "call"
    if line.density > 0.45 and begins_inline(text):
        return False, "also read"
    if is_label(text):
        return False, "label"
    if _is_caption(owner, root):
        return False, "caption"
    if _in_card(owner, root):
        return False, "card"
    if line.size < 90 and _BYLINE.search(text) and not line.prose:
        return False, "byline"
    box = container_of(owner)
    near = box in containers[0] or _signature(box) in containers[1]
    if line.density > 0.75 and owner.tag not in ("td", "th"):
        return False, "linked"
    if line.prose:
        return True, "prose"
    if near:
        return True, "beside prose"
    if owner.tag in HEADINGS or owner.tag in (
        "li",
        "td",
        "th",
        "blockquote",
        "dd",
        "dt",
        "p",
        "pre",
    ):
        return True, "between"
    return False, "too short"


def _is_caption(element: HtmlElement, root: HtmlElement) -> bool:
    for step in [element, *element.iterancestors()][:4]:
        if step is root or step.tag in (
            "body",
            "article",
            "main",
            "table",
            "blockquote",
            "ul",
            "ol",
        ):
            return False
        if step.tag in ("figcaption", "figure") or _CAPTION.search(step.get("class", "")):
            return True
    return False


def _in_card(element: HtmlElement, root: HtmlElement) -> bool:
    """Tell whether a line lies in an article of its own inside the story: another story's card."""
    for step in element.iterancestors():
        if step is root:
            return False
        if step.tag == "article":
            return True
    return False


def _trim(choices: list[Choice]) -> None:
    """Let "between" stand only between lines of the story."""
    story = [
        place
        for place, choice in enumerate(choices)
        if choice.kept and choice.why in ("prose", "beside prose")
    ]
    first, last = (story[0], story[-1]) if story else (0, -1)
    for place, choice in enumerate(choices):
        if choice.kept and choice.why == "between" and not first < place < last:
            choice.kept, choice.why = False, "outside"


def _drop_repeats(choices: list[Choice]) -> None:
    """Drop what says again what the story says: pull quotes, a second copy for print."""
    kept = [choice for choice in choices if choice.kept]
    seen: set[str] = set()
    whole = "\n".join(choice.line.text for choice in kept)
    for choice in kept:
        text = choice.line.text
        if len(text) < 40:
            continue
        if text in seen:
            choice.kept, choice.why = False, "repeated"
        elif choice.line.owner.tag != "p" and whole.count(text.strip("“”\"'„»« ")) > 1:
            choice.kept, choice.why = False, "pull quote"
        seen.add(text)


def _add_deck(
    choices: list[Choice], description: str, headline: HtmlElement | None, title: str
) -> None:
    """Keep the deck: the sentence or two between the headline and the story."""
    first = next((place for place, choice in enumerate(choices) if choice.kept), 0)
    start = None
    for place in range(first - 1, -1, -1):
        line = choices[place].line
        if line.owner is headline or (title and folded(line.text).casefold() == title):
            start = place
            break
    gist = folded(description).casefold()
    kept = " ".join(folded(choice.line.text).casefold() for choice in choices[first : first + 3])
    for place in range(max(0, first - 12) if start is None else start + 1, first):
        choice = choices[place]
        plain = folded(choice.line.text).casefold()
        if (
            len(plain) < 30
            or choice.line.density > 0.3
            or plain in kept
            or _BYLINE.search(choice.line.text)
        ):
            continue
        if choice.why not in ("elsewhere", "outside", "too short", "beside prose"):
            continue
        alike = len(gist) > 40 and (plain[:60] == gist[:60] or plain in gist)
        named = start is not None and any(
            _DECK.search(step.get("class", ""))
            for step in [choice.line.owner, *choice.line.owner.iterancestors()][:2]
        )
        near = (
            start is not None
            and place - start <= 2
            and choice.line.owner.tag in ("h2", "p", "h3")
            and len(plain) >= 60
        )
        if alike or named or near:
            choice.kept, choice.why = True, "deck"
