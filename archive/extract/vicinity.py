"""The neighbourhood of a headline: where a page prints who wrote the story, and when.

A site's clock stands in its header, other posts' dates in cards and sidebars, a reader's in the
comments. What belongs to the story stands near its headline, so nearness is measured: how many
steps up from the headline until an element that holds both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex
from lxml.html import HtmlElement

from archive.extract.structured import letters

FOREIGN = regex.compile(
    r"related|reated|recommend|comment|respond|sidebar|side-bar|widget|more[-_]?stor|more[-_]?news|"
    r"read[-_]?(?:more|next|also)|also[-_]?read|latest|recent|trending|popular|most[-_]?read|ticker|"
    r"breaking|carousel|slider|teaser|promo|\bad[-_s]|advert|sponsor|newsletter|subscribe|\bnav\b|"
    r"navigation|\bmenu|footer|copyright|masthead|top-?bar|site-header|you-?may|next-?post|prev-?post|"
    r"(?:current|today|live|header|server|top)[-_]?(?:date|time|clock)|date-?today|weather|calendar",
    regex.I,
)
FOREIGN_TAGS = frozenset(("aside", "nav", "footer", "form", "select", "button", "noscript"))
SILENT = frozenset(("script", "style", "noscript", "template", "svg", "select", "button", "iframe"))
INLINE = frozenset(
    ("a", "abbr", "b", "cite", "em", "font", "i", "img", "small", "span", "strong", "sup", "time",
     "u", "address", "data", "mark", "bdi", "label")
)  # fmt: skip
HEADLINE_CLASS = regex.compile(
    r"entry-title|post-title|article-title|headline|story-title|tdb-title-text|news-title", regex.I
)
PARAGRAPH = 200  # letters; what stands before a story's first long line is its head
FAR = 4000  # elements looked at after the headline


@dataclass(frozen=True, slots=True)
class Line:
    """Words that a reader sees on one line, with the element they start in."""

    text: str
    element: HtmlElement


def is_foreign(element: HtmlElement) -> bool:
    """Tell whether an element is named like something that is not the story."""
    if element.tag in FOREIGN_TAGS:
        return True
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    return len(name) > 1 and FOREIGN.search(name) is not None


class Vicinity:
    """Measures how near elements stand to the page's headline. Reads the tree, changes nothing."""

    def __init__(self, headline: HtmlElement | None) -> None:
        self.headline = headline
        chain = [] if headline is None else [headline, *headline.iterancestors()]
        self._steps = {element: step for step, element in enumerate(chain)}

    def steps(self, element: HtmlElement) -> int | None:
        """Return the steps up from the headline to what holds both; None if ``element`` is foreign.

        Foreign means inside a block named as related, comment, sidebar, navigation and the like.
        """
        for ancestor in (element, *element.iterancestors()):
            step = self._steps.get(ancestor)
            if step is not None:
                return step
            if is_foreign(ancestor):
                return None
        return len(self._steps)

    def after(self) -> Iterator[HtmlElement]:
        """Yield the elements after the headline, in document order, foreign blocks left out."""
        if self.headline is None:
            return
        yield from _own(self.headline, itself=False)
        for element in self._steps:
            for sibling in element.itersiblings():
                yield from _own(sibling)

    def before(self, levels: int = 4) -> Iterator[HtmlElement]:
        """Yield blocks before the headline, nearest first, up to ``levels`` steps up.

        What stands directly in the body is the site's: its clock is there, not the story's date.
        """
        for element, step in self._steps.items():
            parent = element.getparent()
            if step >= levels or parent is None or parent.tag == "body":
                return
            for sibling in element.itersiblings(preceding=True):
                if isinstance(sibling.tag, str) and not is_foreign(sibling):
                    yield sibling

    def head_lines(self) -> list[Line]:
        """Return the short lines between the headline and the story's first long line."""
        lines: list[Line] = []
        for line in self._lines():
            if len(line.text) > PARAGRAPH or len(lines) >= 25:
                break
            lines.append(line)
        return lines

    def _lines(self) -> Iterator[Line]:
        if self.headline is None:
            return
        for element in self._steps:
            for sibling in element.itersiblings():
                yield from lines_of(sibling)
                if sibling.tail and sibling.tail.strip():
                    yield Line(" ".join(sibling.tail.split()), sibling)


def lines_of(block: HtmlElement) -> Iterator[Line]:
    """Yield the lines of a block as a browser would break them, foreign blocks left out."""
    words: list[str] = []
    start = block
    for kind, value, element in _events(block):
        if kind == "break":
            text = " ".join("".join(words).split())
            if text:
                yield Line(text, start)
            words = []
        else:
            if not words:
                start = element
            words.append(value)
    text = " ".join("".join(words).split())
    if text:
        yield Line(text, start)


def _events(block: HtmlElement) -> Iterator[tuple[str, str, HtmlElement]]:
    """Yield text and line breaks of a block, without recursion (trees may be 10,000 deep)."""
    stack: list[tuple[HtmlElement, bool]] = [(block, True)]
    while stack:
        element, opening = stack.pop()
        inline = element.tag in INLINE
        if not opening:
            yield ("text", " ", element) if inline else ("break", "", element)
            if element is not block and element.tail:
                yield "text", element.tail, element
            continue
        stack.append((element, False))
        if not isinstance(element.tag, str) or element.tag in SILENT or is_foreign(element):
            continue
        if not inline:
            yield "break", "", element
        if element.text:
            yield "text", element.text, element
        stack.extend((child, True) for child in reversed(element))


def _own(block: HtmlElement, itself: bool = True) -> Iterator[HtmlElement]:
    stack = [block] if itself else list(reversed(block))
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or element.tag in SILENT or is_foreign(element):
            continue
        yield element
        stack.extend(reversed(element))


def find_headline(tree: HtmlElement, titles: list[str]) -> HtmlElement | None:
    """Return the element that prints the page's headline.

    An h1 that agrees with what the page calls itself (``titles``) wins; then the first h1 with
    words; then a heading that agrees; then an element classed as the entry's title.
    """
    names = [n for n in map(letters, titles) if n]
    first = None
    for h1 in tree.iter("h1"):
        text = letters(str(h1.text_content()))
        if not text or len(text) > 600:
            continue
        if any(_agree(text, n) for n in names):
            return h1
        if first is None and not is_foreign(h1):
            first = h1
    if names:
        for heading in tree.iter("h2", "h3", "div", "span", "p"):
            if heading.tag in ("div", "span", "p") and not HEADLINE_CLASS.search(
                heading.get("class") or ""
            ):
                continue
            text = letters(str(heading.text_content()))
            if 10 < len(text) < 600 and any(_agree(text, n) for n in names):
                return heading
    return first


def _agree(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short in long and len(short) * 3 >= len(long)
