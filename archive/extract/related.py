"""Lines inside a story that are not of it: "also read" pointers and calls to follow or join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lxml.html import HtmlElement

from archive.extract.labels import begins_inline, is_call, is_label

_LINES = (
    "p",
    "div",
    "li",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "strong",
    "b",
    "em",
    "blockquote",
    "a",
    "span",
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "ul",
        "ol",
        "table",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "figure",
        "li",
    ]
)


@dataclass(frozen=True, slots=True)
class Line:
    """An element of the body that is to go. ``kind`` says whether its links are kept as pointers."""

    element: HtmlElement
    kind: Literal["inline_related", "call"]
    why: str


def find_lines(root: HtmlElement) -> list[Line]:
    """Return the pointers and calls in ``root`` in document order; none lies inside another."""
    found: list[Line] = []
    within: set[HtmlElement] = set()
    for element in root.iter(*_LINES):
        if element.getparent() in within:
            within.add(element)
            continue
        line = _line(element)
        if line is not None:
            found.append(line)
            within.add(element)
    return found


def _line(element: HtmlElement) -> Line | None:
    if any(child.tag in _BLOCKS for child in element):
        return None
    text = "".join(element.itertext()).strip()
    if not text or len(text) > 400:
        return None
    if is_call(text) and element.tag not in ("strong", "b", "em", "a", "span"):
        return Line(element, "call", "call")
    if begins_inline(text):
        links = element.iter("a")
        linked = sum(len("".join(a.itertext()).strip()) for a in links)
        if linked * 2 >= len(text) or (is_label(text) and element.tag != "a"):
            return Line(element, "inline_related", "also read")
    return None
