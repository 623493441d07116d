"""What both themes share: the frame of a page, the sidebar, and small pieces of markup."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from tests.portal_site import pictures, words
from tests.portal_site.story import Story

NAME = "हिम संवाद"
TAGLINE = "पहाड़ की हर खबर"
_MONTHS = (
    "जनवरी", "फरवरी", "मार्च", "अप्रैल", "मई", "जून",
    "जुलाई", "अगस्त", "सितम्बर", "अक्टूबर", "नवम्बर", "दिसम्बर",
)  # fmt: skip


def hindi_date(at: datetime) -> str:
    """Return a date as the themes print it: ``20 नवम्बर 2026``."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def english_date(at: datetime) -> str:
    """Return a date as an untranslated theme prints it: ``November 20, 2026``."""
    return f"{at:%B} {at.day}, {at.year}"


def link(url: str, text: str, extra: str = "") -> str:
    """Return an anchor; ``extra`` is markup for its start tag."""
    return f'<a href="{escape(url)}"{extra}>{escape(text)}</a>'


def byline(story: Story, day: str) -> str:
    """Return who wrote a story, and ``day``, the date as the theme prints it."""
    author = link(f"/author/{story.author_slug}/", story.author)
    date = link(f"/{story.published:%Y/%m}/", day)
    return (
        '<span class="author-links"><span class="item-metadata posts-author">'
        f'<i class="far fa-user-circle"></i>{author}</span><span class="item-metadata posts-date">'
        f'<i class="far fa-clock"></i>{date}</span></span>'
    )


def image(story: Story) -> str:
    """Return the story's picture, in several sizes for the browser to choose from."""
    width, height = pictures.FULL
    sizes = ", ".join(f"{_file(story, *size)} {size[0]}w" for size in pictures.SIZES)
    return (
        f'<img src="{_file(story)}" width="{width}" height="{height}" alt="{escape(story.title)}" '
        f'srcset="{_file(story)} {width}w, {sizes}" sizes="(max-width: {width}px) 100vw, {width}px">'
    )


def thumbnail(story: Story) -> str:
    """Return the picture of a story's card: a script brings it when it comes into sight."""
    width, height = pictures.SIZES[0]
    rest = f'width="{width}" height="{height}" alt="{escape(story.title)}"'
    kind = "attachment-medium size-medium wp-post-image"
    source = _file(story, width, height)
    return (
        f'<img src="{_NOTHING}" data-src="{source}" {rest} class="{kind} lazyload">'
        f'<noscript><img src="{source}" {rest} class="{kind}"></noscript>'
    )


_NOTHING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def _file(story: Story, width: int = 0, height: int = 0) -> str:
    size = f"-{width}x{height}" if width else ""
    return f"/wp-content/uploads/{story.published:%Y/%m}/{story.id}{size}.png"


def head(*, title: str, canonical: str, theme: str, extra: str = "") -> str:
    """Return the head of a page; ``extra`` is markup at its end."""
    return (
        f'<head><meta charset="UTF-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - {NAME}</title>"
        f'<link rel="canonical" href="{escape(canonical)}">'
        f'<link rel="alternate" type="application/rss+xml" title="{NAME} » फ़ीड" href="/feed/">'
        f'<link rel="https://api.w.org/" href="/wp-json/">'
        f'<meta name="generator" content="WordPress 6.1.9">'
        '<link rel="icon" href="/wp-content/uploads/sign-32x32.png" sizes="32x32">'
        f'<link rel="stylesheet" href="/wp-content/themes/{theme}/style.css?ver=4.2">{extra}'
        f'<script src="/wp-content/themes/{theme}/js/theme.js?ver=4.2" defer></script></head>'
    )


def story_head(story: Story, *, plugin: bool) -> str:
    """Return the metadata of a story; with an SEO plugin also its JSON-LD graph.

    As the plugin does it, Open Graph has UTC and the graph has the portal's offset.
    """
    utc = story.published.astimezone(UTC).isoformat(), story.modified.astimezone(UTC).isoformat()
    tags = "".join(f'<meta property="article:tag" content="{escape(t)}">' for t in story.tags)
    graph = (
        f'<meta name="author" content="{escape(story.author)}">'
        f'<script type="application/ld+json" class="yoast-schema-graph">{_graph(story)}</script>'
    )
    return (
        '<meta property="og:locale" content="hi_IN"><meta property="og:type" content="article">'
        f'<meta property="og:title" content="{escape(story.title)} - {NAME}">'
        f'<meta property="og:description" content="{escape(story.paragraphs[0][:150])}">'
        f'<meta property="og:url" content="{escape(story.url)}">'
        f'<meta property="og:site_name" content="{NAME}">'
        f'<meta property="article:published_time" content="{utc[0]}">'
        f'<meta property="article:modified_time" content="{utc[1]}">'
        f'<meta property="article:section" content="{escape(story.section)}">{tags}'
        + (graph if plugin else "")
        # WordPress announces a feed of each post's comments: nothing to read there.
        + '<link rel="alternate" type="application/rss+xml" '
        f'title="{escape(story.title)} टिप्पणी फ़ीड" href="{escape(story.url)}feed/">'
        + (f'<link rel="amphtml" href="{escape(story.url)}amp/">' if story.amp else "")
        + f"<link rel='shortlink' href='/?p={story.id}'>"
        + (f'<link rel="next" href="{escape(story.url)}2/">' if story.pages > 1 else "")
    )


def frame(*, head: str, body: str, theme: str, kind: str, latest: Sequence[Story]) -> bytes:
    """Return a whole page: masthead and menu, ``body``, sidebar and footer."""
    menu = "".join(
        f'<li class="menu-item">{link(f"/category/{slug}/", name)}</li>'
        for name, slug in words.SECTIONS
    )
    return (
        f'<!doctype html>\n<html lang="hi-IN">\n{head}\n'
        f'<body class="{kind} wp-embed-responsive aft-default-mode">'
        '<div id="af-preloader"></div><div id="page" class="site">'
        '<a class="skip-link screen-reader-text" href="#content">Skip to content</a>'
        '<header id="masthead" class="site-header"><div class="site-branding">'
        f'<p class="site-title"><a href="/" rel="home">{NAME}</a></p>'
        f'<p class="site-description">{TAGLINE}</p></div>'
        '<nav id="site-navigation" class="main-navigation"><ul id="primary-menu" class="menu">'
        f'<li class="menu-item"><a href="/">होम</a></li>{menu}</ul></nav></header>\n'
        f'<div id="content" class="container">{body}\n{_sidebar(latest, theme)}</div>\n'
        f'<footer class="site-footer"><div class="site-info">Copyright © सर्वाधिकार सुरक्षित। '
        f'<span class="sep"> | </span><a href="/private/login/">लॉगिन</a> | '
        f'<a href="https://afthemes.example/">{theme.title()}</a></div></footer></div></body></html>\n'
    ).encode()


def pages_of(url: str, page: int, last: int) -> str:
    """Return WordPress's numbered pagination of a listing; ``url`` ends with a slash."""
    if last < 2:
        return ""
    shown = sorted({1, 2, page - 1, page, page + 1, last} & set(range(1, last + 1)))
    numbers = "".join(
        f'<span aria-current="page" class="page-numbers current">{n}</span>'
        if n == page
        else link(page_url(url, n), str(n), ' class="page-numbers"')
        for n in shown
    )
    following = (
        link(page_url(url, page + 1), "आगे", ' class="next page-numbers"') if page < last else ""
    )
    return (
        '<nav class="navigation pagination" aria-label="खबरें"><h2 class="screen-reader-text">'
        f'Posts navigation</h2><div class="nav-links">{numbers}{following}</div></nav>'
    )


def page_url(url: str, page: int) -> str:
    """Return the address of a listing's page; ``url`` ends with a slash."""
    return url if page == 1 else f"{url}page/{page}/"


def comments(story: Story) -> str:
    """Return the readers' comments under every third story, with their reply links."""
    if story.id % 3:
        return ""
    texts = ("बहुत अच्छी खबर, प्रशासन ध्यान दे।", "हमारे गांव में भी यही हाल है।")
    items = "".join(
        f'<li id="comment-{story.id}{n}" class="comment"><article class="comment-body">'
        f'<footer class="comment-meta"><b class="fn">पाठक {story.id + n}</b></footer>'
        f'<div class="comment-content"><p>{text}</p></div><div class="reply">'
        f'<a rel="nofollow" class="comment-reply-link" href="{escape(story.path)}?replytocom={story.id}{n}'
        f'#respond">उत्तर दें</a></div></article></li>'
        for n, text in enumerate(texts, 1)
    )
    return (
        '<div id="comments" class="comments-area"><h2 class="comments-title">2 thoughts on '
        f'“{escape(story.title)}”</h2><ol class="comment-list">{items}</ol>'
        '<div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form action="/wp-comments-post.php" '
        'method="post"><textarea name="comment"></textarea></form></div></div>'
    )


def tags_of(story: Story) -> str:
    """Return the line of tags under a story."""
    links = ", ".join(link(f"/tag/{tag}/", tag, ' rel="tag"') for tag in story.tags)
    return f'<div class="post-item-metadata entry-meta"><span class="tags-links">Tags: {links}</span></div>'


def body_of(story: Story, page: int, linked: Sequence[Story]) -> str:
    """Return a story's paragraphs as markup, with links in the text and a multi-page post's menu."""
    share = -(-len(story.paragraphs) // story.pages)
    shown = list(story.paragraphs[(page - 1) * share : page * share])
    parts = [f"<p>{escape(text)}</p>" for text in shown]
    for other in linked if page == 1 else ():
        parts[0] = f"<p>{_with_link(shown[0], other.url)}</p>"
    if story.pages > 1:
        parts.append(_page_links(story, page))
    return "\n".join(parts)


def _with_link(text: str, url: str) -> str:
    """Return a paragraph with its third to fifth word as a link; the text stays as it is."""
    words = text.split(" ")
    before, anchor, after = (" ".join(part) for part in (words[:2], words[2:5], words[5:]))
    return f"{escape(before)} {link(url, anchor)} {escape(after)}"


def _page_links(story: Story, page: int) -> str:
    """Return the menu of a multi-page post's pages, in the two ways in which themes print it."""
    word = "" if story.id % 80 == 21 else "Page "
    numbers = " ".join(
        f'<span class="post-page-numbers current" aria-current="page">{word}{n}</span>'
        if n == page
        else link(
            f"{story.url}{n}/" if n > 1 else story.url,
            f"{word}{n}",
            ' class="post-page-numbers"',
        )
        for n in range(1, story.pages + 1)
    )
    if word:
        return f'<nav class="page-links" aria-label="Page">{numbers}</nav>'
    return f'<div class="page-links">पृष्ठ: {numbers}</div>'


def _graph(story: Story) -> str:
    person = {
        "@type": "Person",
        "@id": f"/#/schema/person/{story.author_slug}",
        "name": story.author,
    }
    article = {
        "@type": "NewsArticle",
        "@id": f"{story.url}#article",
        "isPartOf": {"@id": story.url},
        "author": {"name": story.author, "@id": person["@id"]},
        "headline": story.title,
        "datePublished": story.published.isoformat(),
        "dateModified": story.modified.isoformat(),
        "keywords": list(story.tags),
        "articleSection": [story.section],
        "inLanguage": "hi-IN",
    }
    page = {"@type": "WebPage", "@id": story.url, "url": story.url, "name": story.title}
    graph = {"@context": "https://schema.org", "@graph": [article, page, person]}
    return json.dumps(graph, ensure_ascii=False).replace("</", "<\\/")


def _sidebar(latest: Sequence[Story], theme: str) -> str:
    if not latest:
        return ""
    items = "".join(
        f"<li>{link(story.path + '?utm_source=sidebar&utm_medium=widget', story.title)}</li>"
        for story in latest
    )
    days = "".join(
        f'<td><a href="{latest[0].published:/%Y/%m}/{day:02}/">{day}</a></td>'
        for day in range(1, 8)
    )
    # Pictures often come from another host; this machine has a second name.
    weather = f"http://localhost:{urlsplit(latest[0].url).port}/mausam.png"
    return (
        '<div id="secondary" class="sidebar-area"><aside class="widget-area">'
        '<div class="widget widget_media_image"><h2 class="widget-title">मौसम</h2>'
        f'<img src="{weather}" width="240" height="135" alt="शिमला का मौसम"></div>'
        f'<div id="recent-posts-2" class="widget {theme}-widget widget_recent_entries">'
        f'<h2 class="widget-title widget-title-1"><span>ताज़ा खबरें</span></h2><ul>{items}</ul></div>'
        '<div class="widget widget_calendar"><table id="wp-calendar"><tr>'
        f'{days}</tr></table><nav><a href="/2026/10/">« अक्टूबर</a></nav></div>'
        '<div class="widget mc4wp"><p>ताजा खबरें ईमेल पर पाएं, अभी सदस्य बनें।</p>'
        '<form><input type="email"></form></div></aside></div>'
    )
