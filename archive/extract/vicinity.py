"""The neighbourhood of a headline: where a page prints who wrote the story, and when.

A site's clock stands in its header, other posts' dates in cards and sidebars, a reader's in the
comments. What belongs to the story stands near its headline, so nearness is measured: how many
steps up from the headline until an element that holds both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

import regex
from lxml.html import HtmlElement

from archive.extract.structured import letters

FOREIGN = regex.compile(
    r"(?<!un)related|reated|recommend|comment|\brespond\b|sidebar|side-bar|widget|more[-_]?stor|more[-_]?news|"
    r"read[-_]?(?:more|next|also)|also[-_]?read|latest|recent|trending|popular|most[-_]?read|ticker|"
    r"breaking|carousel|slider|teaser|promo|\bad[-_s]|advert|sponsor|newsletter|subscribe|\bnav\b|"
    r"navigation|\bmenu|footer|copyright|masthead|\btop-?bar|site-header|you-?may|next-?post|prev-?post|"
    r"(?:current|today|live|header|server|top)[-_]?(?:date|time|clock)|date-?today|weather|calendar",
    regex.I,
)
# Page builders call every part a widget, and a story has a footer of its own.
OWN = regex.compile(
    r"elementor\S*|(?:entry|post|article|story|single|content)\S*footer|related-?categor\S*",
    regex.I,
)
# Portals set a byline in nav, aside or footer elements; then its name tells.
OWN_TAG = regex.compile(r"meta\b|byline|\bauthor|pst-by|publish|timestamp|dateline", regex.I)
FOREIGN_TAGS = frozenset(("aside", "nav", "footer", "form", "select", "button", "noscript"))
SILENT = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "select",
        "button",
        "iframe",
        "video",
        "audio",
    )
)
# Embedded posts and pictures are dated and signed by others.
CARD_TAGS = frozenset(("article", "li"))
CARD = 600  # characters; a story of its own is longer
QUOTED = frozenset(("blockquote", "figure", "figcaption", "twitter-widget"))
INLINE = frozenset(
    ("a", "abbr", "b", "cite", "em", "font", "i", "img", "small", "span", "strong", "sup", "time",
     "u", "address", "data", "mark", "bdi", "label")
)  # fmt: skip
LONG = 200  # characters of a line that is no longer a byline, a date or a kicker
PROSE = 60  # characters of a line that may be a sentence
STANDFIRST = 2  # long lines that may stand between a headline and its byline
SENTENCES = 4  # lines of prose after which the story has surely begun
SENTENCE_END = ("।", ".", "?", "!", "…", "”")
REACH = 1500  # elements looked at after the head, for what stands under a story


@dataclass(frozen=True, slots=True)
class Line:
    """Words that a reader sees on one line, with the element they start in."""

    text: str
    element: HtmlElement


@dataclass(frozen=True, slots=True)
class Head:
    """What stands between a headline and the story: elements and lines, in order."""

    elements: tuple[HtmlElement, ...]
    lines: tuple[Line, ...]


@lru_cache(maxsize=8192)
def _is_foreign_name(name: str) -> bool:
    return FOREIGN.search(OWN.sub(" ", name)) is not None


def is_foreign(element: HtmlElement) -> bool:
    """Tell whether an element is named like something that is not the story."""
    given, ident = element.get("class"), element.get("id")
    name = f"{given} {ident}" if given and ident else given or ident or ""
    if element.tag in FOREIGN_TAGS and not (OWN.search(name) or OWN_TAG.search(name)):
        return True
    return bool(name) and _is_foreign_name(name)


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
        ancestor: HtmlElement | None = element
        while ancestor is not None:
            step = self._steps.get(ancestor)
            if step is not None:
                return step
            if is_foreign(ancestor) or (ancestor.tag in CARD_TAGS and _is_card(ancestor)):
                return None
            ancestor = ancestor.getparent()
        return len(self._steps)

    def before(self, levels: int = 4) -> Iterator[HtmlElement]:
        """Yield blocks before the headline, nearest first, up to ``levels`` steps up.

        What stands directly in the body is the site's: its clock is there, not the story's date.
        """
        for element, step in self._steps.items():
            parent = element.getparent()
            if step >= levels or parent is None or parent.tag == "body":
                return
            for sibling in islice(element.itersiblings(preceding=True), 40):
                if isinstance(sibling.tag, str) and not is_foreign(sibling):
                    yield sibling

    @cached_property
    def head(self) -> Head:
        """What stands between the headline and the story's first sentences."""
        elements: list[HtmlElement] = []
        lines: list[Line] = []
        long = prose = 0
        for found in self._walk():
            if not isinstance(found, Line):
                elements.append(found)
                if len(elements) > REACH:
                    break
                continue
            lines.append(found)
            size = len(found.text)
            long += size > LONG
            prose += size > PROSE and found.text.endswith(SENTENCE_END)
            if long > STANDFIRST or prose > SENTENCES or len(lines) > 40:
                break
        return Head(tuple(elements), tuple(lines))

    @cached_property
    def after(self) -> tuple[HtmlElement, ...]:
        """The elements after the headline in document order, foreign blocks left out."""
        found: list[HtmlElement] = []
        for ancestor in self._steps:
            stack = list(islice(ancestor.itersiblings(), REACH))[::-1]
            while stack and len(found) < REACH:
                element = stack.pop()
                if isinstance(element.tag, str) and not _left_out(element):
                    found.append(element)
                    stack.extend(reversed(element))
        return tuple(found)

    def _walk(self) -> Iterator[HtmlElement | Line]:
        for element in self._steps:
            yield from walk(list(islice(element.itersiblings(), REACH)))


def walk(blocks: list[HtmlElement], *, tail: bool = True) -> Iterator[HtmlElement | Line]:
    """Yield the elements of sibling blocks and, as a browser would break them, lines of words.

    Foreign, silent and quoted blocks are left out. ``tail`` says whether words after the last
    block belong to it. No recursion: trees may be 10,000 deep.
    """
    words: list[str] = []
    start = last = blocks[-1] if blocks else None
    stack = [(block, True) for block in reversed(blocks)]
    while stack:
        element, opening = stack.pop()
        if words and start is not None and element.tag not in INLINE:
            yield Line(" ".join("".join(words).split()), start)
            words = []
        if opening and isinstance(element.tag, str) and not _left_out(element):
            yield element
            stack.append((element, False))
            stack.extend((child, True) for child in reversed(element))
            text = element.text
        else:
            text = None if element is last and not tail else element.tail
            if words:
                words.append(" ")
        if text and not text.isspace():
            start = start if words else element
            words.append(text)
        elif text and words:
            words.append(" ")
    if words and start is not None:
        yield Line(" ".join("".join(words).split()), start)


def _is_card(element: HtmlElement) -> bool:
    """Tell whether an article or list item is another post's teaser: a linked heading, few words."""
    headings = (h for h in islice(element.iter(), 60) if h.tag in ("h2", "h3", "h4", "h5"))
    linked = any(
        h.find(".//a") is not None or any(a.tag == "a" for a in h.iterancestors("a"))
        for h in headings
    )
    return linked and len(str(element.text_content())) < CARD


def _left_out(element: HtmlElement) -> bool:
    if element.tag in SILENT or element.tag in QUOTED or is_foreign(element):
        return True
    return element.tag in CARD_TAGS and _is_card(element)


def lines_of(block: HtmlElement) -> Iterator[Line]:
    """Yield the lines of a block."""
    return (found for found in walk([block], tail=False) if isinstance(found, Line))


def find_headline(tree: HtmlElement, titles: list[str]) -> HtmlElement | None:
    """Return the element that prints the page's headline.

    An h1 that agrees with what the page calls itself (``titles``) wins; then a lower heading, or
    an element with just these words, that agrees; then the first h1 with words.
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
    heading = _agreeing_heading(tree, names) if names else None
    return first if heading is None else heading


def _agreeing_heading(tree: HtmlElement, names: list[str]) -> HtmlElement | None:
    for heading in tree.iter("h2", "h3", "h4"):
        text = letters(str(heading.text_content()))
        if 10 < len(text) < 600 and any(_agree(text, n) for n in names):
            return heading
    for element in tree.iter("div", "span", "p", "td", "font", "strong", "b"):
        text = element.text
        if not text or not 10 < len(text) < 600 or "crumb" in (element.get("class") or ""):
            continue
        if letters(text) in names and not is_foreign(element):
            return element
    return None


def _agree(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short in long and len(short) * 3 >= len(long)
