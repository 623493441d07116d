"""A typed link: where a page points, and in what part of the page it said so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkKind(StrEnum):
    """Why a link is there. One word each, stored in ``links.kind`` and in WARC metadata."""

    SEED = "seed"  # named by the portal's declaration or the command line
    FEED = "feed"  # an item of a feed, or a feed that a page announces
    SITEMAP = "sitemap"  # an entry of a sitemap
    REST = "rest"  # an item of WordPress's REST listing
    SECTION = "section"  # a section's listing, or a story listed there
    PAGINATION = "pagination"  # the next page of a listing, or of a story
    MORE_STORIES = "more_stories"  # a block of related stories after or beside the body
    INLINE_RELATED = "inline_related"  # "also read" inside the body
    ADJACENT = "adjacent"  # the previous or next story
    BODY = "body"  # a link in the text of the story
    NAVIGATION = "navigation"  # menus, headers, footers, sidebars
    CANONICAL = "canonical"  # rel=canonical, where it differs from the page's own address
    AMP = "amp"  # rel=amphtml
    ALTERNATE = "alternate"  # the same story in another language (hreflang)
    REDIRECT = "redirect"  # the Location of a 3xx answer
    REQUISITE = "requisite"  # what a page needs to look right: image, stylesheet, font, script


@dataclass(frozen=True, slots=True)
class Link:
    """One link, absolute and without fragment, as it stands in the source (never NFC-normalized).

    ``text`` is the anchor's text, white space folded, or a feed item's title; may be empty.
    ``date`` is the item's own date where a listing gives one (feed ``pubDate``, sitemap
    ``lastmod``), as the ISO 8601 string that stood there; never a guess.
    """

    url: str
    kind: LinkKind
    text: str = ""
    date: str | None = None
