"""The portal's addresses: a path and what is answered there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import format_datetime
from html import escape
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.portal_site import (
    broken,
    classless,
    covernews,
    feeds,
    looks,
    newsphere,
    pictures,
    theme,
    words,
)
from tests.portal_site.answer import Answer, redirect
from tests.portal_site.newsroom import FRONT, Newsroom
from tests.portal_site.story import Reach, Story

_SECTION_NAMES = {slug: name for name, slug in words.SECTIONS}
# Sections in the second theme, as a portal has whose editions were built apart.
_NEWSPHERE = {"mandi", "kullu", "crime", "sports", "education"}

Query = dict[str, list[str]]


def answer(room: Newsroom, target: str, *, soft_404: bool = False) -> Answer:
    """Return what the portal answers to a GET of ``target`` (path and query as sent)."""
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    if number := query.get("p"):
        story = room.stories.get(int(number[0])) if number[0].isdigit() else None
        return redirect(story.url) if story else missing(room)
    if found := _story_at(room, parts.path):
        return found
    for pattern, view in _ROUTES:
        if match := pattern.fullmatch(parts.path):
            return view(room, query, *match.groups())
    if parts.path in broken.PAGES:
        return broken.PAGES[parts.path](room)
    if parts.path in room.gone:
        return missing(room, room.gone[parts.path])
    return _home(room, query) if soft_404 else missing(room)


def missing(room: Newsroom, status: int = 404) -> Answer:
    """Return the page that says that there is nothing."""
    body = (
        '<main id="main" class="site-main"><section class="error-404 not-found">'
        "<h1>क्षमा करें, यह पेज नहीं मिला</h1><p>जो आप खोज रहे हैं वह यहां नहीं है।</p></section></main>"
    )
    head = theme.head(title="पेज नहीं मिला", canonical=room.home, theme="covernews")
    page = theme.frame(head=head, body=body, theme="covernews", kind="error404", latest=())
    return Answer(page, status=status)


def _story_at(room: Newsroom, path: str) -> Answer | None:
    """Answer for a story, its further pages, its AMP twin, its picture's page and its feed."""
    match = re.fullmatch(r"(/\d{4}/\d\d/[^/]+/)(?:(\d+)/|(amp|tasveer|feed)/)?", path)
    if not match:
        return None
    base, page, part = match.groups()
    # The escapes of an address may come in either case; WordPress takes both.
    base = quote(unquote(base)).lower() if "%" in base else base
    if base in room.moved:
        return redirect(room.home.rstrip("/") + room.moved[base])
    story = room.at(base)
    if story is None:
        return None
    if part == "amp" and story.amp:
        return Answer(_amp(story))
    if part == "tasveer":
        return Answer(_attachment(room, story))
    if part == "feed":
        return Answer(feeds.rss(story.url, f"टिप्पणियां: {story.title}", ()), RSS)
    if part or int(page or 1) > story.pages:
        return redirect(story.url)
    return Answer(_story(room, story, int(page or 1)))


def _story(room: Newsroom, story: Story, page: int) -> bytes:
    if room.design:
        return _classless(room, story, page)
    look = newsphere if story.section_slug in _NEWSPHERE else covernews
    older, newer = room.neighbours(story)
    body = look.article(
        story,
        page,
        linked=room.known(story.linked),
        related=room.known(story.more_stories),
        older=older,
        newer=newer,
    )
    canonical = story.url if page == 1 else f"{story.url}{page}/"
    extra = theme.story_head(story, plugin=look is covernews)
    return theme.frame(
        head=theme.head(title=story.title, canonical=canonical, theme=look.NAME, extra=extra),
        body=body,
        theme=look.NAME,
        kind=f"post-template-default single single-post postid-{story.id} single-format-standard",
        latest=room.listed()[:5],
    )


def _classless(room: Newsroom, story: Story, page: int) -> bytes:
    canonical = story.url if page == 1 else f"{story.url}{page}/"
    head = theme.head(title=story.title, canonical=canonical, theme=classless.NAME)
    related, latest = room.known(story.more_stories), room.listed()[:5]
    return classless.page(head, classless.DESIGNS[room.design](story, page, related, latest))


def _amp(story: Story) -> bytes:
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in story.paragraphs)
    return (
        f'<!doctype html><html amp lang="hi-IN"><head><meta charset="utf-8"><title>{escape(story.title)}</title>'
        f'<link rel="canonical" href="{escape(story.url)}"></head><body><article class="amp-wp-article">'
        f'<h1 class="amp-wp-title">{escape(story.title)}</h1><div class="amp-wp-article-content">{text}'
        "</div></article></body></html>"
    ).encode()


def _attachment(room: Newsroom, story: Story) -> bytes:
    head = theme.head(title=story.title, canonical=f"{story.url}tasveer/", theme="covernews")
    body = f'<main><h1 class="entry-title">तस्वीर</h1>{theme.image(story)}{theme.link(story.url, "खबर")}</main>'
    return theme.frame(
        head=head, body=body, theme="covernews", kind="attachment", latest=room.listed()[:5]
    )


def _listing(
    room: Newsroom, stories: Sequence[Story], page: int, *, base: str, title: str
) -> Answer:
    """Return page ``page`` of a listing at ``base``; past the last one there is nothing."""
    last = max(1, -(-len(stories) // FRONT))
    if not 1 <= page <= last:
        return missing(room)
    look = newsphere if base.removeprefix("/category/").strip("/") in _NEWSPHERE else covernews
    shown = stories[(page - 1) * FRONT : page * FRONT]
    body = (
        f'<div id="primary" class="content-area"><main id="main" class="site-main">'
        f'<header class="page-header"><h1 class="page-title">{escape(title)}</h1></header>'
        f'<div class="row aft-archive-wrapper">{"".join(map(look.card, shown))}</div>'
        f"{theme.pages_of(base, page, last)}</main></div>"
    )
    if base == "/":
        body += broken.menu(room)
    head = theme.head(
        title=title, canonical=room.home + theme.page_url(base, page)[1:], theme=look.NAME
    )
    kind = "home blog" if base == "/" else "archive category"
    return Answer(
        theme.frame(head=head, body=body, theme=look.NAME, kind=kind, latest=room.listed()[:5])
    )


def _home(room: Newsroom, query: Query, page: str = "1") -> Answer:
    if "s" in query:
        return _listing(room, room.listed()[:FRONT], 1, base="/search/", title="खोज")
    return _listing(room, room.listed(), int(page or 1), base="/", title="ताजा खबरें")


def _section(room: Newsroom, query: Query, slug: str, page: str | None) -> Answer:
    if slug not in _SECTION_NAMES:
        return missing(room)
    stories = [s for s in room.listed(Reach.PAGINATION) if s.section_slug == slug]
    name = _SECTION_NAMES[slug]
    return _listing(room, stories, int(page or 1), base=f"/category/{slug}/", title=name)


def _tag(room: Newsroom, query: Query, tag: str, page: str | None) -> Answer:
    name = unquote(tag)
    stories = [s for s in room.listed() if name in s.tags]
    return _listing(room, stories, int(page or 1), base=f"/tag/{tag}/", title=f"टैग: {name}")


def _author(room: Newsroom, query: Query, slug: str, page: str | None) -> Answer:
    stories = [s for s in room.listed() if s.author_slug == slug]
    return _listing(room, stories, int(page or 1), base=f"/author/{slug}/", title=slug)


def _dates(room: Newsroom, query: Query, year: str, month: str | None, day: str | None) -> Answer:
    """Answer a date archive: a calendar that never ends, with stories in few of its months."""
    when = "/".join(filter(None, (year, month, day)))
    stories = [s for s in room.listed() if f"{s.published:%Y/%m/%d}".startswith(when)]
    earlier = f"/{int(year) - 1}/12/" if month in (None, "01") else f"/{year}/{int(month) - 1:02}/"
    head = theme.head(title=when, canonical=f"{room.home}{when}/", theme="covernews")
    cards = "".join(map(covernews.card, stories[:FRONT]))
    body = f"<main>{cards}<nav>{theme.link(earlier, '« पिछला महीना')}</nav></main>"
    page = theme.frame(
        head=head, body=body, theme="covernews", kind="archive date", latest=room.listed()[:5]
    )
    return Answer(page)


RSS = "application/rss+xml; charset=UTF-8"
XML = "application/xml; charset=UTF-8"


def _feed(room: Newsroom, query: Query, slug: str | None = None) -> Answer:
    if slug is None:
        stories, title = room.listed(Reach.FEED), theme.NAME
    else:
        stories = [s for s in room.listed() if s.section_slug == slug]
        title = f"{_SECTION_NAMES.get(slug, slug)} - {theme.NAME}"
    page = _number(query, "paged", 1)
    shown = stories[(page - 1) * feeds.IN_FEED : page * feeds.IN_FEED]
    if not shown:
        return missing(room)
    body = feeds.rss(room.home, title, shown)
    # WordPress makes both from the time of the last change to any post.
    changed = format_datetime(max(s.modified for s in stories).astimezone(UTC), usegmt=True)
    return Answer(body, RSS, etag=hashlib.md5(changed.encode()).hexdigest(), modified=changed)


def _sitemap(room: Newsroom, query: Query, number: str | None = None) -> Answer:
    stories = room.listed(Reach.SITEMAP)[::-1]
    if number is None:
        return Answer(feeds.sitemap_index(room.home, -(-len(stories) // feeds.IN_SITEMAP)), XML)
    start = (int(number) - 1) * feeds.IN_SITEMAP
    shown = stories[start : start + feeds.IN_SITEMAP] if start >= 0 else []
    return Answer(feeds.sitemap(shown), XML) if shown else missing(room)


def _rest(room: Newsroom, query: Query) -> Answer:
    if not room.rest:  # as many portals have it, for fear of scrapers
        return Answer(b'{"code":"rest_not_logged_in","data":{"status":401}}', JSON, status=401)
    each = max(1, min(100, _number(query, "per_page", 10)))
    page = _number(query, "page", 1)
    stories = room.listed()
    pages = -(-len(stories) // each)
    totals = (("X-WP-Total", str(len(stories))), ("X-WP-TotalPages", str(pages)))
    if not 1 <= page <= pages:
        error = b'{"code":"rest_post_invalid_page_number","message":"","data":{"status":400}}'
        return Answer(error, JSON, status=400)
    return Answer(feeds.rest(stories[(page - 1) * each : page * each]), JSON, headers=totals)


def _number(query: Query, name: str, usual: int) -> int:
    text = query.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdigit() else usual


def _robots(room: Newsroom, query: Query) -> Answer:
    return Answer(feeds.robots(room.home), "text/plain; charset=utf-8")


def _picture(room: Newsroom, query: Query, number: str, *size: str | None) -> Answer:
    width, height = (int(side or 0) for side in size)
    if not width:
        width, height = pictures.FULL
    elif (width, height) not in pictures.SIZES:
        return missing(room)
    return Answer(pictures.picture(int(number), width, height), "image/png")


def _sign(room: Newsroom, query: Query) -> Answer:
    return Answer(pictures.icon(), "image/png")


def _favicon(room: Newsroom, query: Query) -> Answer:
    return Answer(pictures.favicon(), "image/x-icon")


def _weather(room: Newsroom, query: Query) -> Answer:
    return Answer(pictures.picture(7, 240, 135), "image/png")


def _look(room: Newsroom, query: Query, name: str) -> Answer:
    if name not in looks.FILES:
        return missing(room)
    media, made = looks.FILES[name]
    return Answer(made(), media)


JSON = "application/json; charset=UTF-8"
_PAGED = r"(?:page/(\d+)/)?"
_ROUTES: tuple[tuple[re.Pattern[str], Callable[..., Answer]], ...] = tuple(
    (re.compile(pattern), view)
    for pattern, view in (
        (r"/", _home),
        (r"/page/(\d+)/", _home),
        (rf"/category/([^/]+)/{_PAGED}", _section),
        (rf"/tag/([^/]+)/{_PAGED}", _tag),
        (rf"/author/([^/]+)/{_PAGED}", _author),
        (r"/feed/", _feed),
        (r"/category/([^/]+)/feed/", _feed),
        (r"/(\d{4})/(?:(\d\d)/(?:(\d\d)/)?)?", _dates),
        (r"/wp-sitemap\.xml", _sitemap),
        (r"/wp-sitemap-posts-post-(\d+)\.xml", _sitemap),
        (r"/wp-json/wp/v2/posts", _rest),
        (r"/robots\.txt", _robots),
        (r"/wp-content/uploads/\d{4}/\d\d/(\d+)(?:-(\d+)x(\d+))?\.png", _picture),
        (r"/wp-content/uploads/sign-32x32\.png", _sign),
        (r"/wp-content/themes/[a-z]+/(\S+)", _look),
        (r"/favicon\.ico", _favicon),
        (r"/mausam\.png", _weather),
    )
)
