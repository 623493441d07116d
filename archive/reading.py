"""What one capture says: an article, links, or the reason why it says nothing."""

from __future__ import annotations

from dataclasses import dataclass

from archive.article import Article, PageType
from archive.capture import Capture
from archive.extract.tree import is_html
from archive.layout import Observation
from archive.link import Link, LinkKind
from archive.links.listed import Listing, absolute
from archive.links.listing import read_listing
from archive.portal import Portal
from archive.warc.reader import decoded


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a capture did not become a story: one word to count by, and more in words."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one capture; one of the first three is there, or it held nothing to read."""

    article: Article | None = None
    links: tuple[Link, ...] = ()
    outcome: Outcome | None = None
    observation: Observation | None = None


def read(capture: Capture) -> Reading | bytes:
    """Read all that takes no page reader; return the decoded payload where a page needs one.

    Listings are told apart as the crawler tells them, by their bytes, so that an archive's links
    are the ones that were followed.
    """
    status = capture.status
    answered = status is None or 200 <= status < 300
    if capture.record_type == "revisit" or not capture.payload or not answered:
        return _unread(capture)
    if capture.about and capture.about.kind is LinkKind.REQUISITE:
        return Reading()  # whatever was sent in place of a picture, it is no page of the portal
    try:
        payload = decoded(capture)
    except Exception as error:  # a coding that is a lie is the page's fault, never ours
        return Reading(outcome=Outcome("undecodable", str(error)))
    content_type = next((v for k, v in capture.headers if k == "content-type"), "")
    listing = read_listing(
        payload, url=capture.url, content_type=content_type, headers=capture.headers
    )
    if listing is not None:
        return _listing(listing)
    if payload and is_html(payload, capture.content_type):
        return payload
    return _unread(capture)


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


def from_article(article: Article, observation: Observation | None = None) -> Reading:
    """Return what a page reader's article comes to: only a story is an article to keep."""
    if article.page_type is PageType.STORY:
        return Reading(article, article.links, observation=observation)
    return Reading(article, article.links, Outcome(str(article.page_type)), observation)


def unreadable(why: str) -> Reading:
    """Return the outcome of a page that no reader could read; without ``why`` it was no HTML."""
    return Reading(outcome=Outcome("unreadable", why) if why else Outcome("not_html"))


def portal_of(capture: Capture) -> Portal:
    """Return the facts of the capture's portal, from its WARC; the metadata record wins on id."""
    return Portal.from_warcinfo(capture.warcinfo)
