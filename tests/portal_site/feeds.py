"""What the portal says to machines: feeds, sitemaps, robots.txt, WordPress's REST listing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from email.utils import format_datetime
from html import escape

from tests.portal_site.story import Story

IN_FEED = 10  # WordPress's default
IN_SITEMAP = 100


def rss(home: str, title: str, stories: Sequence[Story]) -> bytes:
    """Return a WordPress-like RSS 2.0 feed of these stories, newest first."""
    built = format_datetime(max(s.modified for s in stories)) if stories else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">\n<channel>\n'
        f"<title>{escape(title)}</title><link>{home}</link><language>hi-IN</language>"
        f"<lastBuildDate>{built}</lastBuildDate><sy:updatePeriod>hourly</sy:updatePeriod>\n"
        "<generator>https://wordpress.org/?v=6.1.9</generator>\n"
        f"{''.join(map(_item, stories))}</channel></rss>\n"
    ).encode()


def _item(story: Story) -> str:
    return (
        f"<item><title>{escape(story.title)}</title><link>{escape(story.url)}</link>"
        f"<dc:creator><![CDATA[{story.author}]]></dc:creator>"
        f"<pubDate>{format_datetime(story.published)}</pubDate>"
        f"<category><![CDATA[{story.section}]]></category>"
        f'<guid isPermaLink="false">/?p={story.id}</guid>'
        f"<description><![CDATA[{story.paragraphs[0]}]]></description></item>\n"
    )


def sitemap_index(home: str, parts: int) -> bytes:
    """Return the sitemap index: the parts, and one that is broken."""
    names = [*(f"wp-sitemap-posts-post-{n}.xml" for n in range(1, parts + 1)), "sitemap-toota.xml"]
    rows = "".join(f"<sitemap><loc>{home}{name}</loc></sitemap>\n" for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</sitemapindex>\n'
    ).encode()


def sitemap(stories: Sequence[Story]) -> bytes:
    """Return one sitemap of stories."""
    rows = "".join(
        f"<url><loc>{escape(s.url)}</loc><lastmod>{s.modified.isoformat()}</lastmod></url>\n"
        for s in stories
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    ).encode()


def robots(home: str) -> bytes:
    """Return robots.txt as WordPress writes it, with one folder more that is forbidden."""
    return (
        "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\nDisallow: /private/\n\n"
        f"Sitemap: {home}wp-sitemap.xml\n"
    ).encode()


def rest(stories: Sequence[Story]) -> bytes:
    """Return posts as ``/wp-json/wp/v2/posts`` lists them; ``date`` is the portal's own time."""
    rows = [
        {
            "id": story.id,
            "date": f"{story.published:%Y-%m-%dT%H:%M:%S}",
            "date_gmt": f"{story.published.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "modified_gmt": f"{story.modified.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "slug": story.slug,
            "status": "publish",
            "type": "post",
            "link": story.url,
            "title": {"rendered": escape(story.title)},
        }
        for story in stories
    ]
    return json.dumps(rows).encode()
