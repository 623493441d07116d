"""A page → its typed links, from one parsed tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import islice
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml.html import HtmlElement

from archive.article import PageType
from archive.errors import Unreadable
from archive.extract.blocks import Part
from archive.extract.page import Page, look_at
from archive.extract.page_type import page_type, read_signs
from archive.extract.tree import is_html, read_tree
from archive.link import Link, LinkKind

_BY_PART = {
    Part.RELATED: LinkKind.MORE_STORIES,
    Part.ADJACENT: LinkKind.ADJACENT,
    Part.PAGES: LinkKind.PAGINATION,
}
_STRONG = frozenset(_BY_PART.values())
# "Latest news" in a sidebar is a menu of the site; "More Stories" belongs to the story.
_BESIDE = frozenset((Part.SIDEBAR, Part.FOOTER, Part.NAVIGATION))
_NO_STORY = re.compile(
    r"/(?:author|authors|tag|tags|category|categories)/|/\d{4}/(?:\d{1,2}/){0,2}$|^/?$"
)
_PAGINATION = re.compile(r"/page/\d+/?$|[?&](?:paged?|pg|start|offset)=\d+")
_SECTION = re.compile(
    r"/(?:category|categories|section|sections|topic|topics)/[^/]+|^/[\w%-]{2,40}/?$"
)
# What the cards of a listing look like from where a story stands.
_LISTED = frozenset(
    (LinkKind.MORE_STORIES, LinkKind.INLINE_RELATED, LinkKind.BODY, LinkKind.NAVIGATION)
)
# An address that says all and needs no folding of "." and "..".
_PLAIN = re.compile(r"https?://[\w.-]+(?::\d+)?/(?!.*/\.)[^\s\\]*$")
_ROOTED = re.compile(r"/(?![/\\])(?!.*/\.)(?!\.)[^\s\\]*$")
_SITE = re.compile(r"https?://[\w.-]+(?::\d+)?(?=[/?#]|$)")
_PATH = re.compile(r"(?:https?:)?(?://[^/?#]*)?([^?#]*)")
_HREF = re.compile(rb"<a\s[^<>]{0,500}?href\s*=\s*[\"']([^\"'<>]{1,2000})", re.I)
_MOST_RAW = 50_000
_ELSEWHERE = ("#", "javascript:", "mailto:", "tel:", "data:", "whatsapp:")
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The typed links of a page, and whether it lists stories and tells none of its own."""

    links: tuple[Link, ...] = ()
    listing: bool = False

    @property
    def stories(self) -> tuple[Link, ...]:
        """Return the headlines of a listing; a menu's entries are shorter than a headline."""
        if not self.listing:
            return ()
        return tuple(
            link for link in self.links if link.kind is LinkKind.SECTION and _is_headline(link.text)
        )


def read_page(payload: bytes, *, url: str, content_type: str = "") -> PageLinks:
    """Return the typed links of a page's bytes; never raises.

    Where no tree can be made, the addresses of anchors come as they stand, of kind navigation.
    """
    if not is_html(payload, content_type):
        return PageLinks()
    try:
        tree = read_tree(payload, content_type)
    except Unreadable:
        return PageLinks(_raw_links(payload, url))
    return _linked(tree, url, look_at(tree, url=url))


def read_links(payload: bytes, *, url: str, content_type: str = "") -> tuple[Link, ...]:
    """Return the links of :func:`read_page` alone."""
    return read_page(payload, url=url, content_type=content_type).links


def _raw_links(payload: bytes, url: str) -> tuple[Link, ...]:
    found: dict[str, None] = {}
    for address in islice(_HREF.finditer(payload), _MOST_RAW):
        text = unescape(address[1].decode("utf-8", "replace"))
        if absolute := _absolute(url, text):
            found[absolute] = None
    return tuple(Link(address, LinkKind.NAVIGATION) for address in found)


def page_links(tree: HtmlElement, *, url: str, page: Page | None = None) -> tuple[Link, ...]:
    """Return the links of ``tree`` with their kinds, each URL and kind once, in document order.

    ``url`` is the page's own address; a ``base`` element is obeyed. ``page`` may be given where
    the tree has been looked at already. The tree is only read.
    """
    return _linked(tree, url, page or look_at(tree, url=url)).links


def _linked(tree: HtmlElement, url: str, page: Page | None) -> PageLinks:
    kinds = _kinds(page) if page is not None else {}
    listing = page is None or _is_listing(page, url)
    base = _base(tree, url)
    seen: dict[tuple[str, LinkKind], Link] = {}
    for address, kind, text in _walk(tree, kinds):
        if listing and kind in _LISTED and (kind is not LinkKind.NAVIGATION or _is_headline(text)):
            kind = LinkKind.SECTION
        absolute = _absolute(base, address)
        if absolute and (absolute, kind) not in seen:
            seen[absolute, kind] = Link(absolute, kind, text)
        elif absolute and text and not seen[absolute, kind].text:
            seen[absolute, kind] = Link(absolute, kind, text)  # a picture came before its headline
    return PageLinks(tuple(seen.values()), listing)


def _is_listing(page: Page, url: str) -> bool:
    """Tell whether the page lists stories: it says so, or it tells none of its own."""
    # A whole story need not be counted to see that there is one.
    text = page.text[:2000]
    return page_type(read_signs(page.tree, url=url), text) in (PageType.LISTING, PageType.OTHER)


def _is_headline(text: str) -> bool:
    return len(text) >= 20 and len(text.split()) >= 4


def _base(tree: HtmlElement, url: str) -> str:
    declared = tree.find(".//base[@href]")
    if declared is None:
        return url
    try:
        return str(urljoin(url, declared.get("href", "").strip()))
    except ValueError:
        return url


def _absolute(base: str, address: str) -> str:
    """Return the absolute http(s) address without fragment, or "" where it is none."""
    address = address.strip()
    if _PLAIN.match(address):  # nine links in ten; urllib is slow
        return address.partition("#")[0]
    if _ROOTED.match(address) and (site := _SITE.match(base)):
        return site[0] + address.partition("#")[0]
    if not address or address.lower().startswith(_ELSEWHERE):
        return ""
    try:
        absolute = urldefrag(urljoin(base, address)).url
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    return absolute


def _kinds(page: Page) -> dict[HtmlElement, LinkKind]:
    """Return the kind of every anchor that stands in the story or in a block."""
    kinds: dict[HtmlElement, LinkKind] = {}
    if page.root is not page.found.root:
        kinds = dict.fromkeys(page.root.iter("a"), LinkKind.BODY)
    last = max((place for place, choice in enumerate(page.choices) if choice.kept), default=-1)
    before_end = {anchor for choice in page.choices[:last] for anchor in choice.line.anchors}
    beside: set[HtmlElement] = set()
    for block in page.blocks:
        kind = _BY_PART.get(block.part, LinkKind.NAVIGATION)
        anchors = list(block.element.iter("a"))
        if block.part in _BESIDE:
            beside.update(anchors)
        for anchor in anchors:
            if kinds.get(anchor) in _STRONG and kind not in _STRONG:
                continue
            if anchor in beside:
                kinds[anchor] = LinkKind.NAVIGATION
            elif (
                kind is LinkKind.MORE_STORIES
                and kinds.get(anchor) is LinkKind.BODY
                and anchor in before_end
            ):
                kinds[anchor] = LinkKind.INLINE_RELATED
            else:
                kinds[anchor] = kind
    for choice in page.choices:
        if choice.why in ("also read", "linked"):
            for anchor in choice.line.anchors:
                if kinds.get(anchor) is LinkKind.BODY:
                    kinds[anchor] = LinkKind.INLINE_RELATED
        elif choice.why.startswith("portal"):
            kind = LinkKind.MORE_STORIES if "stor" in choice.why else LinkKind.NAVIGATION
            for anchor in choice.line.anchors:
                if kinds.get(anchor, LinkKind.BODY) is LinkKind.BODY:
                    kinds[anchor] = kind
    return kinds


def _walk(
    tree: HtmlElement, kinds: dict[HtmlElement, LinkKind]
) -> Iterator[tuple[str, LinkKind, str]]:
    for element in tree.iter("link", "a"):
        address = element.get("href")
        if not address:
            continue
        rel = element.get("rel", "").lower().split()
        if element.tag == "link":
            yield from _announced(element, address, rel)
            continue
        text = " ".join("".join(element.itertext()).split()) or element.get("title", "")
        yield address, _anchor_kind(element, address, rel, kinds), text


def _announced(
    element: HtmlElement, address: str, rel: list[str]
) -> Iterator[tuple[str, LinkKind, str]]:
    if "canonical" in rel:
        yield address, LinkKind.CANONICAL, ""
    elif "amphtml" in rel:
        yield address, LinkKind.AMP, ""
    elif "alternate" in rel and element.get("type", "").lower() in _FEEDS:
        yield address, LinkKind.FEED, element.get("title", "")
    elif "alternate" in rel and element.get("hreflang"):
        yield address, LinkKind.ALTERNATE, element.get("hreflang", "")
    elif "sitemap" in rel:
        yield address, LinkKind.SITEMAP, ""
    elif "next" in rel or "prev" in rel:
        kind = LinkKind.PAGINATION if _PAGINATION.search(address) else LinkKind.ADJACENT
        yield address, kind, element.get("title", "")


def _anchor_kind(
    element: HtmlElement, address: str, rel: list[str], kinds: dict[HtmlElement, LinkKind]
) -> LinkKind:
    kind = kinds.get(element, LinkKind.NAVIGATION)
    if _PAGINATION.search(address):
        return LinkKind.PAGINATION
    if kind is not LinkKind.PAGINATION and ("prev" in rel or "next" in rel):
        return LinkKind.ADJACENT
    if kind is not LinkKind.MORE_STORIES and kind is not LinkKind.NAVIGATION:
        return kind
    found = _PATH.match(address)
    path = found[1] if found else ""
    if kind is LinkKind.MORE_STORIES and (_NO_STORY.search(path) or "tag" in rel):
        kind = LinkKind.NAVIGATION
    if kind is LinkKind.NAVIGATION and _SECTION.search(path):
        return LinkKind.SECTION
    return kind
