"""Tell a story from a listing, a locked page, a gallery and a video."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.article import PageType
from archive.text.words import words

# The shortest story that a wire sends is a sentence.
ENOUGH = 8
# A caption or two, or what a paywall shows of a story.
FEW = 40
TEASER = 120

# WordPress names the page's kind on its body element (``body_class``).
_SINGLE = re.compile(r"(?:^|\s)(?:single|single-post|singular|postid-\d+|page-id-\d+)(?:\s|$)")
_MANY = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|author|search|search-results|date|front-page)(?:\s|$)"
)
_LISTING_PATH = re.compile(
    r"^/?(?:index\.\w+)?$|/(?:category|categories|tag|tags|author|authors|topic|topics|section|archives?)/[^/]+/?$"
    r"|/page/\d+/?$|^/search(?:/|$)",
    re.I,
)
_STORY_TYPE = re.compile(r'"@type"\s*:\s*\[?\s*"(?:\w*NewsArticle|Article|BlogPosting|Report\w*)"')
_LISTING_TYPE = re.compile(r'"@type"\s*:\s*\[?\s*"(?:CollectionPage|SearchResultsPage|ItemList)"')
_GALLERY_TYPE = re.compile(r'"@type"\s*:\s*\[?\s*"(?:ImageGallery|MediaGallery)"')
_VIDEO_TYPE = re.compile(r'"@type"\s*:\s*\[?\s*"VideoObject"')
_GALLERY_NAME = re.compile(r"(?:^|\s)(?:gallery|wp-block-gallery|tiled-gallery)(?:\s|$)")
_MISSING = re.compile(r"(?:^|\s)error404(?:\s|$)")
_UNPARTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_CLOSED = re.compile(r'"isAccessibleForFree"\s*:\s*"?false', re.I)
_PLAYER = re.compile(
    r"youtube|youtu\.be|vimeo|dailymotion|jwplayer|brightcove|facebook\.com/plugins/video"
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What a page's markup says of its kind, read before anything is taken out of it."""

    locked: bool
    closed: bool
    single: bool
    many: bool
    gallery: bool
    pictures: int
    video: bool
    missing: bool


def read_signs(tree: HtmlElement, *, url: str) -> Signs:
    """Read the signs of a page; the tree is only read."""
    body = tree.find("body")
    names = body.get("class", "") if body is not None else ""
    data = "\n".join(
        script.text or "" for script in tree.iterfind(".//script[@type='application/ld+json']")
    )
    kind = "".join(tree.xpath("//meta[@property='og:type']/@content")[:1]).lower()
    single = bool(_SINGLE.search(names)) or bool(_STORY_TYPE.search(data)) or kind == "article"
    many = (
        bool(_MANY.search(names))
        or bool(_LISTING_PATH.search(urlsplit(url).path))
        or bool(_LISTING_TYPE.search(data))
    )
    return Signs(
        locked=any("post-password-form" in form.get("class", "") for form in tree.iter("form")),
        closed=bool(_CLOSED.search(data)),
        single=single,
        many=many,
        gallery="format-gallery" in names or bool(_GALLERY_TYPE.search(data)) or _has_gallery(tree),
        pictures=_pictures(tree),
        video="format-video" in names
        or kind.startswith("video")
        or bool(_VIDEO_TYPE.search(data))
        or _has_player(tree),
        missing=bool(_MISSING.search(names)) or _has_missing(tree),
    )


def page_type(signs: Signs, text: str) -> PageType:
    """Return what kind of page it is, now that its body is known."""
    # Chinese, Japanese and Thai part no words: two characters count as one.
    count = max(len(words(text)), len(_UNPARTED.findall(text)) // 2)
    if signs.locked or (signs.closed and count < TEASER):
        return PageType.LOCKED
    if signs.missing and not signs.single:
        return PageType.OTHER
    if signs.many and not signs.single:
        return PageType.LISTING
    if count < FEW and signs.gallery:
        return PageType.GALLERY
    if count < ENOUGH and signs.pictures >= 3:
        return PageType.GALLERY
    if count < ENOUGH:
        return PageType.VIDEO if signs.video else PageType.OTHER
    return PageType.STORY


def _has_gallery(tree: HtmlElement) -> bool:
    """Tell whether a gallery of WordPress (shortcode or block) stands in an article."""
    article = tree.find(".//article")
    return article is not None and any(
        _GALLERY_NAME.search(box.get("class", "")) for box in article.iter("div", "figure", "ul")
    )


def _has_missing(tree: HtmlElement) -> bool:
    """Tell whether the theme's "not found" section stands in the page, whatever its status."""
    return any(
        "error-404" in box.get("class", "").split()
        for box in tree.iter("section", "div", "article")
    )


def _pictures(tree: HtmlElement) -> int:
    """Count the pictures of the page's article."""
    article = tree.find(".//article")
    return 0 if article is None else sum(1 for _ in article.iter("img", "amp-img"))


def _has_player(tree: HtmlElement) -> bool:
    return tree.find(".//video") is not None or any(
        _PLAYER.search(frame.get("src") or frame.get("data-src") or "")
        for frame in tree.iter("iframe")
    )
