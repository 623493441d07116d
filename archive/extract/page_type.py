"""Tell a story from a listing, a locked page, a gallery and a video."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.article import PageType
from archive.text.words import words

# The shortest story that a wire sends is a sentence.
ENOUGH = 8
_LISTING_BODY = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|author|search|search-results|date|page-template-.*home\S*)(?:\s|$)"
)
_LISTING_PATH = re.compile(
    r"^/?$|/(?:category|tag|tags|author|topic|topics|section|archive)/|/page/\d+/?$"
)


def page_shape(tree: HtmlElement, *, url: str) -> PageType:
    """Return what the markup alone says; STORY where nothing speaks against it."""
    if _is_locked(tree):
        return PageType.LOCKED
    if _is_listing(tree, url):
        return PageType.LISTING
    return _without_text(tree)


def page_type(shape: PageType, text: str) -> PageType:
    """Return what kind of page it is, now that its body is known."""
    if shape in (PageType.LOCKED, PageType.LISTING) or len(words(text)) < ENOUGH:
        return shape
    return PageType.STORY


def _is_locked(tree: HtmlElement) -> bool:
    """WordPress asks for a post's password with ``form.post-password-form``."""
    return tree.find(".//form[@class]") is not None and any(
        "post-password-form" in form.get("class", "") for form in tree.iter("form")
    )


def _is_listing(tree: HtmlElement, url: str) -> bool:
    body = tree.find("body")
    names = body.get("class", "") if body is not None else ""
    if re.search(r"(?:^|\s)single(?:-post)?(?:\s|$)", names):
        return False
    return bool(_LISTING_BODY.search(names)) or bool(_LISTING_PATH.search(urlsplit(url).path))


def _without_text(tree: HtmlElement) -> PageType:
    if tree.find(".//video") is not None or any(
        re.search(r"youtube|vimeo|dailymotion|jwplayer", frame.get("src", ""))
        for frame in tree.iter("iframe")
    ):
        return PageType.VIDEO
    article = tree.find(".//article")
    pictures = sum(1 for _ in (article if article is not None else tree).iter("figure"))
    return PageType.GALLERY if pictures >= 3 else PageType.OTHER
