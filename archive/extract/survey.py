"""One walk over a page: its lines of text, where each stands, and how much prose each element holds."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

from archive.extract.labels import is_notice

INLINE = frozenset(
    ["a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label", "mark", "nobr", "q", "ruby", "rb", "rt", "rp", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-fit-text", "amp-timeago"]
)  # fmt: skip
# Their text is never the page's.
UNSEEN = frozenset(
    ["script", "style", "noscript", "template", "iframe", "svg", "canvas", "object", "embed", "select", "textarea", "button", "input", "head", "audio", "video", "map", "math", "amp-analytics", "amp-ad", "amp-iframe", "title"]
)  # fmt: skip
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_ENDS = re.compile(r"[.!?…।॥。！？؟۔:;]['\"”’»)\]]*$")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


@dataclass(slots=True, eq=False)
class Line:
    """A run of text between two block boundaries or ``br``, white space folded.

    ``owner`` is the nearest block element, ``linked`` how many of the characters are anchors'.
    ``strong`` counts those in bold. ``prose`` says that it reads like sentences of a story.
    """

    text: str
    owner: HtmlElement
    linked: int
    strong: int
    anchors: list[HtmlElement]
    prose: bool = False

    @property
    def size(self) -> int:
        return len(self.text)

    @property
    def density(self) -> float:
        return self.linked / len(self.text)


@dataclass(slots=True)
class Survey:
    """Lines in document order, and for each element the characters of prose within it."""

    root: HtmlElement
    lines: list[Line] = field(default_factory=list)
    mass: dict[HtmlElement, int] = field(default_factory=dict)
    # All characters of a block element, and how many of them are anchors'.
    totals: dict[HtmlElement, tuple[int, int]] = field(default_factory=dict)

    def weigh(self, outside: Container[HtmlElement] = ()) -> None:
        """Count the prose of every element anew, without what lies in an element of ``outside``."""
        mass: dict[HtmlElement, int] = {}
        for line in self.lines:
            if not line.prose:
                continue
            path = [line.owner, *line.owner.iterancestors()]
            if outside and any(element in outside for element in path):
                continue
            weight = line.size - line.linked
            for element in path:
                mass[element] = mass.get(element, 0) + weight
        self.mass = mass

    def linked_share(self, element: HtmlElement) -> float:
        """Return how much of the text of a block element is anchors'; 1.0 where there is no text."""
        size, linked = self.totals.get(element, (0, 0))
        return linked / size if size else 1.0


def survey(root: HtmlElement) -> Survey:
    """Walk ``root`` and return its lines; the tree is only read."""
    found = Survey(root)
    owners: list[HtmlElement] = [root]
    sums: list[list[int]] = [[0, 0]]
    parts: list[str] = []
    pointers: list[HtmlElement] = []
    anchors = bolds = linked = strong = 0

    def flush() -> None:
        nonlocal linked, strong
        if parts:
            text = " ".join("".join(parts).split())
            if text:
                size = len(text)
                found.lines.append(
                    Line(text, owners[-1], min(linked, size), min(strong, size), pointers[:])
                )
                sums[-1][0] += size
                sums[-1][1] += min(linked, size)
            parts.clear()
            pointers.clear()
            linked = strong = 0

    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in UNSEEN:
                walk.skip_subtree()
                continue
            if tag == "br":
                flush()
                continue
            if tag == "a":
                anchors += 1
                pointers.append(element)
            elif tag == "strong" or tag == "b":
                bolds += 1
            elif tag not in INLINE:
                flush()
                owners.append(element)
                sums.append([0, 0])
            text = element.text
        else:
            if tag == "a":
                anchors -= 1
            elif tag == "strong" or tag == "b":
                bolds -= 1
            elif tag not in INLINE and tag not in UNSEEN and tag != "br":
                flush()
                if element is root:
                    break
                size, of_links = sums.pop()
                found.totals[owners.pop()] = (size, of_links)
                sums[-1][0] += size
                sums[-1][1] += of_links
            text = element.tail
        if text:
            parts.append(text)
            if anchors:
                linked += len(text.strip())
            if bolds:
                strong += len(text.strip())
    flush()
    _mark_prose(found.lines)
    found.totals[root] = (sums[0][0], sums[0][1])
    found.weigh()
    return found


def _mark_prose(lines: list[Line]) -> None:
    """Decide which lines read like prose. Lines parted by ``br`` are judged by their whole."""
    whole: dict[HtmlElement, int] = {}
    for line in lines:
        whole[line.owner] = whole.get(line.owner, 0) + line.size
    for line in lines:
        if line.linked * 2 > line.size or is_notice(line.text):
            continue
        if line.owner.tag in HEADINGS and (line.size < 120 or not _ENDS.search(line.text)):
            continue  # some portals set whole paragraphs as headings
        size = whole[line.owner]
        wide = 2.5 if _WIDE.search(line.text) else 1.0
        line.prose = size * wide >= 100 or (
            line.size * wide >= 30 and _ENDS.search(line.text) is not None
        )
