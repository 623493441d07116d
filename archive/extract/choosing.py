"""Which lines of a page are the story's: every line gets a reason to stay or to go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from archive.extract.blocks import Block
from archive.extract.headline import says
from archive.extract.labels import (
    begins_inline,
    folded,
    is_call,
    is_label,
    is_notice,
    is_pointer,
    is_stray,
)
from archive.extract.survey import HEADINGS, Line, Survey

_BOXES = frozenset(["div", "section", "article", "main", "body", "center"])
_QUOTES = frozenset(["blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "figure", "q", "pre"])  # fmt: skip
_DECK = re.compile(
    r"(?:^|[\s_-])(?:deck|dek|standfirst|stand-first|sub-?(?:title|head(?:line|ing)?)|summary|excerpt|lead|lede|intro|teaser|description|desc|synopsis|abstract|vorspann|chapo|entradilla|bajada|sapo|strapline|blurb|kurztext|perex|ingress|manchet)(?:$|[\s_-])|standfirst|subheadline|subtitle|articlesummary|article__(?:lead|intro|summary|description)|leadtext",
    re.I,
)
_CAPTION = re.compile(
    r"caption|(?:^|[\s_-])(?:credits?|photo|image|picture|bild|foto|img|contentimage|legend|media-?(?:text|info|desc\w*))(?:$|[\s_-])",
    re.I,
)
# Prose apart is believed to be the story's from an eighth of it on.
_APART = 8
_MONTHS = r"(?:jan|feb|m[aä]r|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zé]*\.?"
# The line of a byline or a time stamp, from its start; a story's line may end in a time.
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|written by|reported by|text|autor|author)\s*:?\s+\S+(?:\s+\S+){0,6}$"
    r"|^(?:published|updated|posted|last updated|aktualisiert|stand|publié|publicado|actualizado|प्रकाशित|अपडेट|अद्यतन)\b.{0,60}\d"
    r"|^\D{0,12}\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}\b"
    r"|^\D{0,12}\d{1,2}[:.]\d{2}\s*(?:uhr|am|pm|ist|gmt|jst|बजे)\b"
    rf"|^\D{{0,20}}\b{_MONTHS}\s+\d{{1,2}},?\s+\d{{4}}|^\D{{0,12}}\d{{1,2}}\.?\s+{_MONTHS}\s+\d{{4}}"
    r"|lesedauer|\bmin(?:ute)?s?\s+read\b",
    re.I,
)
_TITLE = re.compile(r"(?<!sub)(?<!sub[-_])(?:title|headline)(?![-_]?(?:sub|desc))", re.I)
_CODE = re.compile(
    r"""\s*[\[{]\s*["'{\[][\w"'{\[]|\s*(?:var|let|const|function|window\.|document\.|googletag|\$\()\s*[\w(.]+\s*[=({]"""
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
    begun = False
    for line in found.lines:
        block = _block_of(line.owner, taken, memo)
        if block is not None:
            choices.append(Choice(line, False, f"{block.part}: {block.why}"))
        elif line.owner not in inside:
            choices.append(Choice(line, False, "elsewhere"))
        else:
            kept, why = _verdict(line, found, root, containers, plain_title)
            if kept and not begun and line.owner.tag in HEADINGS and says(line.text, title):
                kept, why = False, "headline"  # below its first line, a subhead may say the same
            begun = begun or (kept and line.prose)
            choices.append(Choice(line, kept, why))
    _trim(choices)
    _drop_repeats(choices)
    _drop_last_calls(choices)
    _drop_idle_headings(choices)
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


def container_of(element: HtmlElement, found: Survey) -> HtmlElement:
    """Return what a line's paragraph lies in: the parent of its paragraph, list or quote."""
    if element.tag in _BOXES or (element.tag == "td" and _is_layout(element, found)):
        return element
    parent = element.getparent()
    while parent is not None and parent.tag in _QUOTES:
        if parent.tag == "td" and _is_layout(parent, found):
            return parent
        parent = parent.getparent()
    return element if parent is None else parent


def _is_layout(cell: HtmlElement, found: Survey) -> bool:
    """Tell whether a table's cell is a box of the page (old sites are one table) and no datum."""
    return found.totals.get(cell, (0, 0))[0] > 400


def _signature(element: HtmlElement) -> tuple[str, str]:
    return element.tag, re.sub(r"\d+", "", element.get("class", ""))


@dataclass(frozen=True, slots=True)
class Containers:
    """In what the story's paragraphs stand: ``main`` hold much of it, ``some`` at least a line.

    ``kinds`` are tag and class of boxes that hold one paragraph each and much of the story together.
    """

    main: frozenset[HtmlElement]
    some: frozenset[HtmlElement]
    kinds: frozenset[tuple[str, str]]

    def hold(self, box: HtmlElement) -> bool:
        """Tell whether ``box`` is one of the story's own."""
        return box in self.main or _signature(box) in self.kinds


def _containers(found: Survey, root: HtmlElement) -> Containers:
    whole = max(1, found.mass.get(root, 0))
    single: dict[HtmlElement, int] = {}
    alike: dict[tuple[str, str], int] = {}
    for line in found.lines:
        if line.prose and line.owner in found.mass:
            box = container_of(line.owner, found)
            weight = line.size - line.linked
            single[box] = single.get(box, 0) + weight
            kind = _signature(box)
            alike[kind] = alike.get(kind, 0) + weight
    return Containers(
        frozenset(box for box, weight in single.items() if weight * 8 >= whole),
        frozenset(single),
        frozenset(kind for kind, weight in alike.items() if weight * 3 >= whole and kind[1]),
    )


def _verdict(
    line: Line,
    found: Survey,
    root: HtmlElement,
    containers: Containers,
    title: str,
) -> tuple[bool, str]:
    text, owner = line.text, line.owner
    if not _WORD.search(text):
        return False, "no words"
    if _CODE.match(text):
        return False, "code"
    if is_notice(text):
        return False, "notice"
    if owner.tag in HEADINGS and (owner.tag == "h1" or folded(text).casefold() == title):
        return False, "headline"
    if is_call(text):
        return False, "call"
    if (line.density > 0.45 and begins_inline(text)) or is_pointer(text):
        return False, "also read"
    if is_stray(text):
        return False, "stray"
    # One word alone ("Related", संबंधित) may be a subhead.
    if " " in text and is_label(text):
        return False, "label"
    if _is_caption(owner, root):
        return False, "caption"
    if _in_card(owner, root, found):
        return False, "card"
    if line.size < 90 and _BYLINE.search(text) and not line.prose:
        return False, "byline"
    box = container_of(owner, found)
    near = containers.hold(box)
    if line.density > 0.75 and not _is_mixed(owner, found):
        return False, "linked"
    if line.prose:
        return True, "prose" if near else "prose apart"
    if near:
        return True, "beside prose"
    if owner.tag in HEADINGS or owner.tag in ("blockquote", "p", "pre"):
        return True, "between"
    if owner.tag in ("li", "td", "th", "dd", "dt") and (
        box in containers.some or box.getparent() in containers.main
    ):
        return True, "between"
    return False, "too short"


def _is_mixed(element: HtmlElement, found: Survey) -> bool:
    """Tell whether a linked line stands in a list, table or quote that has text without links."""
    if any(step.tag == "blockquote" for step in [element, *element.iterancestors()][:2]):
        return True  # an embedded post: its signature is a link
    if element.tag in ("td", "th"):
        row = element.getparent()
        return row is not None and found.linked_share(row) < 0.9
    parent = element.getparent()
    return element.tag == "li" and parent is not None and found.linked_share(parent) < 0.6


def _is_caption(element: HtmlElement, root: HtmlElement | None) -> bool:
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


def _in_card(element: HtmlElement, root: HtmlElement, found: Survey) -> bool:
    """Tell whether a line lies in an article of its own inside the story: another story's card."""
    for step in element.iterancestors():
        if step is root:
            return False
        if step.tag == "article":
            return found.mass.get(step, 0) * 3 < found.mass.get(root, 0)
    return False


def _trim(choices: list[Choice]) -> None:
    """Let what is no prose stand only between lines of the story, and prose apart only before.

    A first paragraph often has a box of its own; prose apart from the rest at the end is of an
    author, a newsletter, a neighbour. Where most prose stands apart, no box is the story's, and
    all of it stays.
    """
    sizes = Counter[str]()
    for choice in choices:
        if choice.kept:
            sizes[choice.why] += choice.line.size
    firm = {"prose", "beside prose"}
    if sizes["prose apart"] * _APART > sizes["prose"]:
        firm.add("prose apart")
    story = [place for place, choice in enumerate(choices) if choice.kept and choice.why in firm]
    last = story[-1] if story else -1
    firm.add("prose apart")
    story = [place for place, choice in enumerate(choices) if choice.kept and choice.why in firm]
    first = story[0] if story else 0
    for place, choice in enumerate(choices):
        if not choice.kept or choice.why in ("prose", "beside prose"):
            continue
        if place > last or (choice.why == "between" and place < first):
            choice.kept, choice.why = False, "outside"


def _drop_repeats(choices: list[Choice]) -> None:
    """Drop what says again what the story says: pull quotes, a second copy for a script."""
    kept = [choice for choice in choices if choice.kept]
    seen: dict[str, None] = {}
    whole = "\n".join(choice.line.text for choice in kept)
    for choice in kept:
        text = choice.line.text
        if len(text) < 40:
            continue
        if text in seen or (
            len(text) > 500
            and choice.why == "prose"
            and sum(said in text for said in islice(seen, 100)) > 1
        ):
            choice.kept, choice.why = False, "repeated"
        elif _is_quote(choice.line.owner) and whole.count(text.strip("“”\"'„»« ")) > 1:
            choice.kept, choice.why = False, "pull quote"
        else:
            seen[text] = None


def _drop_last_calls(choices: list[Choice]) -> None:
    """Drop calls to subscribe or follow at the story's end, where they may run to three lines."""
    for choice in [choice for choice in choices if choice.kept][-4:]:
        if is_call(choice.line.text, longest=420):
            choice.kept, choice.why = False, "call"


def _drop_idle_headings(choices: list[Choice]) -> None:
    """Drop a heading that stands over nothing of the story: at its end, or over other stories."""
    following: Choice | None = None
    for choice in reversed(choices):
        idle = following is None or following.why.startswith("related")
        if choice.kept and idle and choice.line.owner.tag in HEADINGS:
            choice.kept, choice.why = False, "heads nothing"
            continue
        if choice.kept or choice.why.startswith("related"):
            following = choice


def _is_quote(element: HtmlElement) -> bool:
    steps = [element, *element.iterancestors()][:2]
    if any("tweet" in step.get("class", "") for step in steps):
        return False
    return any(
        step.tag in ("blockquote", "aside", "figure", "q")
        or "quote" in step.get("class", "").lower()
        for step in steps
    )


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
    said = [folded(choice.line.text).casefold() for choice in choices[first : first + 3]]
    for place in range(max(0, first - 12) if start is None else start + 1, first):
        choice = choices[place]
        plain = folded(choice.line.text).casefold()
        if (
            len(plain) < 30
            or choice.line.density > 0.3
            or any(plain in other for other in said)
            or _BYLINE.search(choice.line.text)
        ):
            continue
        if choice.why not in ("elsewhere", "outside", "too short", "beside prose") or _is_caption(
            choice.line.owner, None
        ):
            continue
        if choice.line.owner.tag in HEADINGS and _TITLE.search(choice.line.owner.get("class", "")):
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
            said.append(plain)
