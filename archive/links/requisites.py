"""What a page needs to look right: its stylesheets, pictures, fonts, scripts and icons.

Documents of their own (frames, the video itself) are none: a page replays without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

import tinycss2
from lxml.html import HtmlElement

from archive.errors import Unreadable
from archive.extract.tree import is_html, read_tree
from archive.links.listed import absolute

MOST = 2_000  # of one page or stylesheet
_SHOWN_RELS = frozenset(
    [
        "stylesheet",
        "icon",
        "apple-touch-icon",
        "apple-touch-icon-precomposed",
        "mask-icon",
        "manifest",
        "modulepreload",
    ]
)
_PRELOADED = frozenset(("style", "font", "image", "script"))
# Where a picture stands until it is scrolled to, as lazysizes, WP Rocket, Jetpack, a3, Smush, EWWW,
# bLazy and echo.js read it.
LAZY = ("data-src", "data-lazy-src", "data-original", "data-orig-src", "data-lazy", "data-echo")
LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-orig-srcset")
LAZY_BACKGROUNDS = ("data-bg", "data-background", "data-background-image", "data-bg-url")
_SOURCES = ("src", *LAZY, "data-large_image")
_SETS = ("srcset", *LAZY_SETS, "imagesrcset")
_SVG_HREFS = ("href", "{http://www.w3.org/1999/xlink}href", "xlink:href")
# One candidate: an address without white space, and a descriptor up to the next comma (HTML,
# "parse a srcset attribute"); an address may hold commas but not end in one.
_BETWEEN = re.compile(r"[\s,]*+")
_CANDIDATE = re.compile(r"([^\s,]\S*+)([^,]*+)")


def read_requisites(payload: bytes, *, url: str, content_type: str = "") -> tuple[str, ...]:
    """Return the absolute addresses that a page or a stylesheet needs, each once, in order.

    ``content_type`` tells which it is; of anything else none. Never raises.
    """
    if content_type.partition(";")[0].strip().lower() == "text/css":
        return _absolute(url, _of_stylesheet(payload))
    if not is_html(payload, content_type):
        return ()
    try:
        tree = read_tree(payload, content_type)
    except Unreadable:
        return ()
    return page_requisites(tree, url=url)


def page_requisites(tree: HtmlElement, *, url: str) -> tuple[str, ...]:
    """Return what ``tree`` needs; where it names no icon, the one that browsers ask for anyway."""
    declared = tree.find(".//base[@href]")
    base = absolute(url, declared.get("href", "")) if declared is not None else ""
    found = list(_of_page(tree))
    if not any("icon" in rel.lower() for rel in tree.xpath(".//link[@href]/@rel")):
        found.append(urljoin(url, "/favicon.ico"))
    return _absolute(base or url, found)


def _absolute(base: str, addresses: Iterator[str] | list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for address in addresses:
        if len(found) >= MOST:
            break
        if address and not address.lstrip().lower().startswith(("data:", "blob:", "#", "about:")):
            one = absolute(base, address)
            if one:
                found[one] = None
    return tuple(found)


def _of_page(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter():
        tag = element.tag
        if not isinstance(tag, str):
            continue
        read = _BY_TAG.get(tag)
        if read is not None:
            yield from read(element)
        yield from _of_any(element)


def _of_any(element: HtmlElement) -> Iterator[str]:
    """Yield what any element may show: a background, a picture that waits to be scrolled to."""
    attributes = element.attrib
    if not attributes:
        return
    style = attributes.get("style", "")
    if "url(" in (lowered := style.lower()) or "image-set(" in lowered:
        yield from _of_tokens(tinycss2.parse_component_value_list(style))
    for name in (*LAZY_BACKGROUNDS, "background"):
        if name in attributes:
            yield _unwrapped(attributes[name])


def _of_link(element: HtmlElement) -> Iterator[str]:
    rels = set(element.get("rel", "").lower().split())
    preloaded = "preload" in rels and element.get("as", "").lower() in _PRELOADED
    if rels & _SHOWN_RELS or preloaded:
        yield element.get("href", "")
        yield from _of_set(element.get("imagesrcset", ""))


def _of_picture(element: HtmlElement) -> Iterator[str]:
    for name in _SOURCES:
        yield element.get(name, "")
    for name in _SETS:
        yield from _of_set(element.get(name, ""))


def _of_source(element: HtmlElement) -> Iterator[str]:
    """Yield a picture's source; a video's is a document of its own."""
    parent = element.getparent()
    if parent is not None and parent.tag == "picture":
        yield from _of_picture(element)


def _of_input(element: HtmlElement) -> Iterator[str]:
    if element.get("type", "").lower() == "image":
        yield element.get("src", "")


def _of_svg(element: HtmlElement) -> Iterator[str]:
    for name in _SVG_HREFS:
        yield element.get(name, "").partition("#")[0]


def _of_style(element: HtmlElement) -> Iterator[str]:
    yield from _of_tokens(tinycss2.parse_component_value_list(element.text or ""))


_BY_TAG: dict[str, Callable[[HtmlElement], Iterator[str]]] = {
    "link": _of_link,
    "script": lambda element: iter((element.get("src", ""),)),
    "img": _of_picture,
    "amp-img": _of_picture,
    "source": _of_source,
    "video": lambda element: iter((element.get("poster", ""),)),
    "input": _of_input,
    "image": _of_svg,
    "use": _of_svg,
    "style": _of_style,
}


def _of_set(srcset: str) -> Iterator[str]:
    """Yield the addresses of a srcset.

    >>> list(_of_set("a.jpg 300w, /b,c.jpg 2x,d.jpg"))
    ['a.jpg', '/b,c.jpg', 'd.jpg']
    """
    at = 0
    while found := _CANDIDATE.match(srcset, at := _end(_BETWEEN.match(srcset, at))):
        bare = found[1].rstrip(",")  # a comma at its end ends the candidate
        yield bare
        at = found.end() if bare == found[1] else found.end(1)


def _end(found: re.Match[str] | None) -> int:
    return found.end() if found else 0


def _unwrapped(value: str) -> str:
    """Return the address in ``url(…)``, or the value as it is."""
    value = value.strip()
    if value.lower().startswith("url("):
        return next(_of_tokens(tinycss2.parse_component_value_list(value)), "")
    return value


def _of_stylesheet(payload: bytes) -> Iterator[str]:
    text, _ = tinycss2.bytes.decode_stylesheet_bytes(payload)
    yield from _of_tokens(tinycss2.parse_component_value_list(text, skip_comments=True))


def _of_tokens(tokens: list[tinycss2.ast.Node]) -> Iterator[str]:
    """Yield every ``url()`` and the strings of ``@import`` and ``image-set()``, in order."""
    waiting = list(reversed(tokens))
    importing = False
    while waiting:
        token = waiting.pop()
        if token.type == "url" or (token.type == "string" and importing):
            yield token.value
        elif token.type == "function" and token.lower_name == "url":
            yield from (one.value for one in token.arguments if one.type == "string")
        elif token.type == "function" and token.lower_name.endswith("image-set"):
            yield from (one.value for one in token.arguments if one.type == "string")
            waiting.extend(reversed([one for one in token.arguments if one.type != "string"]))
        elif token.type == "function":
            waiting.extend(reversed(token.arguments))
        elif token.type in ("{} block", "() block", "[] block"):
            waiting.extend(reversed(token.content))
        if token.type not in ("whitespace", "comment"):
            importing = token.type == "at-keyword" and token.lower_value == "import"
