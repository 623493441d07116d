"""One door for all listings: tells a feed, a sitemap and REST apart by their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from archive.links import xml
from archive.links.feeds import ROOTS as FEED_ROOTS
from archive.links.feeds import read_feed
from archive.links.listed import Listing
from archive.links.rest import read_posts
from archive.links.sitemaps import ROOTS as SITEMAP_ROOTS
from archive.links.sitemaps import is_list_of_urls, read_sitemap

__all__ = ["Listing", "read_listing"]

_HEAD = 65_536
_HTML = re.compile(rb"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)\b", re.I | re.S)
_POST = re.compile(r'\[\s*\{[^\[\]]{0,4000}?"(?:link|date_gmt|modified_gmt)"\s*:', re.S)
_REST_PATH = re.compile(r"/wp-json/wp/v2/\w+/?$|^/wp/v2/\w+/?$")


def read_listing(
    payload: bytes, *, url: str, content_type: str = "", headers: Iterable[tuple[str, str]] = ()
) -> Listing | None:
    """Read ``payload`` as whatever listing it is; None if it is a page or something else.

    ``payload`` has no Content-Encoding any more; a file that is gzip itself is unpacked here.
    ``content_type`` may carry parameters; it settles only what the bytes leave open (plain text).
    Never raises on any bytes.
    """
    if _HTML.match(payload[:1024]):
        return None
    charset = _charset(content_type)
    head = xml.decoded(xml.unpacked(payload[:_HEAD], _HEAD)[0], charset)
    if xml.find_root(head, FEED_ROOTS):
        return read_feed(payload, url=url, charset=charset)
    if xml.find_root(head, SITEMAP_ROOTS):
        return read_sitemap(payload, url=url, charset=charset)
    start = head.lstrip()[:4096]
    if start.startswith("{") and "jsonfeed.org" in start:
        return read_feed(payload, url=url, charset=charset)
    if _is_rest(url, start):
        return read_posts(payload, url=url, headers=headers, charset=charset)
    if "text/plain" in content_type.lower() and is_list_of_urls(start):
        return read_sitemap(payload, url=url, charset=charset)
    return None


def _is_rest(url: str, start: str) -> bool:
    """Tell whether this is WordPress's list of posts, or its refusal where one was asked for."""
    parts = urlsplit(url)
    route = re.search(r"(?:^|&)rest_route=([^&]*)", parts.query)
    asked = _REST_PATH.search(parts.path) or (
        route and _REST_PATH.search(route[1].replace("%2F", "/"))
    )
    return bool(asked and re.search(r'^\[|\{\s*"', start)) or bool(_POST.match(start))


def _charset(content_type: str) -> str:
    said = re.search(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", content_type, re.I)
    return said[1] if said else ""
