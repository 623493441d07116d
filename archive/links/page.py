"""A page → its typed links, from one parsed tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml.html import HtmlElement

from archive.errors import Unreadable
from archive.extract.blocks import Block, Part, find_blocks, is_root_name
from archive.extract.related import Line, find_lines
from archive.extract.tree import read_tree
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
_SPACE = re.compile(r"\s+")


def read_links(payload: bytes, *, url: str, content_type: str = "") -> tuple[Link, ...]:
    """Return the typed links of a page's bytes; () where no tree can be made. Never raises."""
    try:
        tree = read_tree(payload, content_type)
    except Unreadable:
        return ()
    return page_links(tree, url=url)


def page_links(
    tree: HtmlElement,
    *,
    url: str,
    blocks: Iterable[Block] | None = None,
    lines: Iterable[Line] | None = None,
) -> tuple[Link, ...]:
    """Return the links of ``tree`` with their kinds, each URL and kind once, in document order.

    ``url`` is the page's own address; a ``base`` element is obeyed. ``blocks`` and ``lines`` may
    be given where they are known already. The tree is only read.
    """
    found = list(find_blocks(tree) if blocks is None else blocks)
    kinds = _kinds(tree, found, find_lines(tree) if lines is None else lines)
    base = _base(tree, url)
    seen: dict[tuple[str, LinkKind], Link] = {}
    for address, kind, text in _walk(tree, kinds):
        absolute = _absolute(base, address)
        if absolute and (absolute, kind) not in seen:
            seen[absolute, kind] = Link(absolute, kind, text)
    return tuple(seen.values())


def _base(tree: HtmlElement, url: str) -> str:
    declared = tree.find(".//base[@href]")
    return urljoin(url, declared.get("href", "").strip()) if declared is not None else url


def _absolute(base: str, address: str) -> str:
    """Return the absolute http(s) address without fragment, or "" where it is none."""
    address = address.strip()
    if not address or address.startswith(
        ("#", "javascript:", "mailto:", "tel:", "data:", "whatsapp:")
    ):
        return ""
    try:
        absolute = urldefrag(urljoin(base, address)).url
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    return absolute.replace("\n", "").replace("\r", "").replace("\t", "")


def _kinds(
    tree: HtmlElement, blocks: Iterable[Block], lines: Iterable[Line]
) -> dict[HtmlElement, LinkKind]:
    """Return the kind of every anchor that a block or line decides; the innermost block decides."""
    kinds: dict[HtmlElement, LinkKind] = {}
    for root in tree.iter("div", "section", "article", "main"):
        names = f"{root.get('class', '')} {root.get('id', '')} {root.get('itemprop', '')}"
        if len(names) > 2 and is_root_name(names):
            for anchor in root.iter("a"):
                kinds[anchor] = LinkKind.BODY
    beside: set[HtmlElement] = set()
    for block in blocks:
        kind = _BY_PART.get(block.part, LinkKind.NAVIGATION)
        anchors = list(block.element.iter("a"))
        if block.part in _BESIDE:
            beside.update(anchors)
        for anchor in anchors:
            if kinds.get(anchor) not in _STRONG or kind in _STRONG:
                kinds[anchor] = LinkKind.NAVIGATION if anchor in beside else kind
    for line in lines:
        if line.kind == "inline_related":
            for anchor in line.element.iter("a"):
                kinds[anchor] = LinkKind.INLINE_RELATED
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
        text = _SPACE.sub(" ", "".join(element.itertext())).strip() or element.get("title", "")
        yield address, _anchor_kind(element, address, rel, kinds), text


def _announced(
    element: HtmlElement, address: str, rel: list[str]
) -> Iterator[tuple[str, LinkKind, str]]:
    media = element.get("type", "").lower()
    if "canonical" in rel:
        yield address, LinkKind.CANONICAL, ""
    elif "amphtml" in rel:
        yield address, LinkKind.AMP, ""
    elif "alternate" in rel and (
        "rss" in media or "atom" in media or media == "application/feed+json"
    ):
        yield address, LinkKind.FEED, element.get("title", "")
    elif "alternate" in rel and element.get("hreflang"):
        yield address, LinkKind.ALTERNATE, element.get("hreflang", "")
    elif "sitemap" in rel:
        yield address, LinkKind.SITEMAP, ""
    elif "next" in rel or "prev" in rel:
        yield address, LinkKind.PAGINATION if _PAGINATION.search(address) else LinkKind.ADJACENT, ""


def _anchor_kind(
    element: HtmlElement, address: str, rel: list[str], kinds: dict[HtmlElement, LinkKind]
) -> LinkKind:
    kind = kinds.get(element, LinkKind.NAVIGATION)
    if _PAGINATION.search(address):
        return LinkKind.PAGINATION
    if kind is LinkKind.MORE_STORIES and (_NO_STORY.search(urlsplit(address).path) or "tag" in rel):
        kind = LinkKind.NAVIGATION
    if kind is LinkKind.NAVIGATION and _SECTION.search(urlsplit(address).path):
        return LinkKind.SECTION
    return kind
