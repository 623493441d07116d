"""The boxes in which a story's paragraphs stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.extract.survey import Survey

_BOXES = frozenset(["div", "section", "article", "main", "body", "center"])
_QUOTES = frozenset(["blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "figure", "q", "pre"])  # fmt: skip


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


def find_containers(found: Survey, root: HtmlElement, *, sure: bool = False) -> Containers:
    """Weigh the boxes of all prose that counts; ``found`` is weighed without blocks.

    ``sure`` says that ``root`` is one of the story's whatever it weighs.
    """
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
        frozenset(box for box, weight in single.items() if weight * 8 >= whole)
        | frozenset([root] if sure else ()),
        frozenset(single),
        frozenset(kind for kind, weight in alike.items() if weight * 3 >= whole and kind[1]),
    )


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
