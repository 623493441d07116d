"""What one capture says: an article, links, or the reason why it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from archive.article import Article, PageType
from archive.capture import Capture
from archive.link import Link, LinkKind
from archive.links.feeds import read_feed
from archive.links.listed import Listing, absolute
from archive.links.rest import read_posts
from archive.links.sitemaps import read_sitemap
from archive.portal import Portal
from archive.warc.reader import decoded


class Form(StrEnum):
    """How a payload is read."""

    PAGE = "page"
    FEED = "feed"
    SITEMAP = "sitemap"
    REST = "rest"
    NONE = "none"  # redirects, errors, images, robots.txt: kept, and not read


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a capture did not become a story: one word to count by, and more in words."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one capture; at least one of the three is there, or it held nothing to read."""

    article: Article | None = None
    links: tuple[Link, ...] = ()
    outcome: Outcome | None = None


_HTML = frozenset({"text/html", "application/xhtml+xml"})
_XML = frozenset({"text/xml", "application/xml"})
_FEEDS = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"}
)
_TYPELESS = frozenset(
    {"", "application/octet-stream", "text/plain", "application/x-gzip", "application/gzip"}
)


def form(capture: Capture, payload: bytes) -> Form:
    """Tell how ``payload``, decoded, is to be read; the first bytes outvote a wrong media type.

    >>> from datetime import datetime
    >>> c = Capture("https://e.example/", datetime(2026, 1, 1), "w", 0, 1, "", "response", 200,
    ...             "text/html", (), b"", None)
    >>> form(c, b"<?xml version='1.0'?><rss><channel>").value, form(c, b"<!doctype html>").value
    ('feed', 'page')
    """
    if capture.record_type == "revisit" or not payload:
        return Form.NONE
    if capture.status is not None and not 200 <= capture.status < 300:
        return Form.NONE
    if sniffed := _sniffed(payload):
        return sniffed
    kind = capture.about.kind if capture.about else None
    if capture.content_type in _HTML:
        return Form.PAGE
    if capture.content_type in _FEEDS:
        return Form.FEED
    if capture.content_type == "application/json":
        return Form.REST if _is_rest(capture.url) or kind is LinkKind.REST else Form.NONE
    if capture.content_type in _XML | _TYPELESS and kind in (LinkKind.FEED, LinkKind.SITEMAP):
        return Form(str(kind))
    return Form.NONE


def _sniffed(payload: bytes) -> Form | None:
    head = payload[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head.startswith((b"<?xml", b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"<rdf")):
        return None
    if b"<urlset" in head or b"<sitemapindex" in head:
        return Form.SITEMAP
    if b"<rss" in head or b"<feed" in head or b"<rdf:rdf" in head:
        return Form.FEED
    return None


def _is_rest(url: str) -> bool:
    return "/wp/v2/posts" in url or "%2fwp%2fv2%2fposts" in url.lower()


def read(capture: Capture) -> Reading | bytes:
    """Read all that takes no page reader; return the payload, decoded, where one is needed."""
    try:
        payload = decoded(capture) if capture.payload else b""
    except Exception as error:  # a coding that is a lie is the page's fault, never ours
        return Reading(outcome=Outcome("undecodable", str(error)))
    found = form(capture, payload)
    if found is Form.PAGE:
        return payload
    if found is Form.NONE:
        return _unread(capture)
    return _listing(_LISTINGS[found](payload, capture))


def _feed(payload: bytes, capture: Capture) -> Listing:
    return read_feed(payload, url=capture.url)


def _sitemap(payload: bytes, capture: Capture) -> Listing:
    return read_sitemap(payload, url=capture.url)


def _rest(payload: bytes, capture: Capture) -> Listing:
    return read_posts(payload, url=capture.url, headers=capture.headers)


_LISTINGS: dict[Form, Callable[[bytes, Capture], Listing]] = {
    Form.FEED: _feed,
    Form.SITEMAP: _sitemap,
    Form.REST: _rest,
}


def _listing(listing: Listing) -> Reading:
    outcome = Outcome("listing_damaged", listing.problem) if listing.problem else None
    following = tuple(Link(url, LinkKind.PAGINATION) for url in listing.next)
    return Reading(links=(*listing.links, *listing.children, *following), outcome=outcome)


def _unread(capture: Capture) -> Reading:
    status = capture.status
    if capture.record_type == "revisit":
        return Reading()
    if status is not None and 300 <= status < 400:
        where = next((v for k, v in capture.headers if k == "location"), "")
        target = absolute(capture.url, where)
        return Reading(links=(Link(target, LinkKind.REDIRECT),) if target else ())
    if status is not None and not 200 <= status < 300:
        return Reading(outcome=Outcome("status", str(status)))
    if capture.truncated and not capture.payload:
        return Reading(outcome=Outcome("truncated", capture.truncated))
    return Reading()


def from_article(article: Article) -> Reading:
    """Return what a page reader's article comes to: only a story is an article to keep."""
    if article.page_type is PageType.STORY:
        return Reading(article, article.links)
    return Reading(article, article.links, Outcome(str(article.page_type)))


def unreadable(why: str) -> Reading:
    """Return the outcome of a page that no reader could read; without ``why`` it was no HTML."""
    return Reading(outcome=Outcome("unreadable", why) if why else Outcome("not_html"))


def portal_of(capture: Capture) -> Portal:
    """Return the facts of the capture's portal, from its WARC; the metadata record wins on id."""
    return Portal.from_warcinfo(capture.warcinfo)
