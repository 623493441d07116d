"""Which lines of a page are the story's: every line gets a reason to stay or to go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from archive.extract.blocks import Block
from archive.extract.choice import Choice
from archive.extract.containers import Containers, container_of, find_containers
from archive.extract.deck import add_deck
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
from archive.extract.legends import is_byline, is_caption, names_author, says_only
from archive.extract.sieve import sift
from archive.extract.survey import HEADINGS, Line, Survey

# Characters of an author's biography; more under a byline is the story.
_BIOGRAPHY = 500
_CODE = re.compile(
    r"""\s*[\[{]\s*["'{\[][\w"'{\[]|\s*(?:var|let|const|function|window\.|document\.|googletag|\$\()\s*[\w(.]+\s*[=({]"""
)
_WORD = re.compile(r"\w")


def choose_lines(
    found: Survey,
    root: HtmlElement,
    blocks: Iterable[Block],
    *,
    title: str = "",
    description: str = "",
    headline: HtmlElement | None = None,
    authors: Iterable[str] = (),
    dates: Iterable[str] = (),
    sure: bool = False,
) -> list[Choice]:
    """Return every line of the page in order, each with its verdict.

    ``title``, ``description``, ``authors`` and ``dates`` (as printed) are the page's metadata, as far as they are known. ``sure``
    says that ``root`` is the story's box, however little it holds.
    """
    taken = {block.element: block for block in blocks}
    memo: dict[HtmlElement, Block | None] = {found.root: None}
    containers = find_containers(found, root, sure=sure)
    inside = {root, *root.iterdescendants()}
    plain_title = folded(title).casefold()
    choices: list[Choice] = []
    begun = False
    names, printed = tuple(authors), tuple(filter(None, dates))
    about = _About({folded(author).casefold() for author in names}, set())
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
            if kept and says_only(line, printed, names):
                kept, why = False, "byline"
            if begun and about.takes(line, found, choices):
                kept, why = False, "author"
            begun = begun or (kept and line.prose)
            choices.append(Choice(line, kept, why))
    sift(choices)
    add_deck(choices, description, headline, plain_title)
    return choices


@dataclass(frozen=True, slots=True)
class _About:
    """What is told of the authors after their story: ``boxes`` that one of ``names`` heads."""

    names: set[str]
    boxes: set[HtmlElement]

    def takes(self, line: Line, found: Survey, before: Iterable[Choice]) -> bool:
        """Tell whether a line is an author's name, or lies in a box that one heads."""
        if names_author(line, self.names):
            told = {step for choice in before if choice.kept for step in _steps(choice.line)}
            heads = set(islice(line.owner.iterancestors(), 2)) - told
            self.boxes.update(box for box in heads if found.mass.get(box, 0) <= _BIOGRAPHY)
            return True
        return bool(self.boxes) and not self.boxes.isdisjoint(_steps(line))


def _steps(line: Line) -> list[HtmlElement]:
    return [line.owner, *line.owner.iterancestors()]


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
    box = container_of(owner, found)
    near = containers.hold(box)
    if is_caption(owner, root, near=near):
        return False, "caption"
    if _in_card(owner, root, found):
        return False, "card"
    if is_byline(line):
        return False, "byline"
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


def _in_card(element: HtmlElement, root: HtmlElement, found: Survey) -> bool:
    """Tell whether a line lies in an article of its own inside the story: another story's card."""
    for step in element.iterancestors():
        if step is root:
            return False
        if step.tag == "article":
            return found.mass.get(step, 0) * 3 < found.mass.get(root, 0)
    return False
