"""What a crawl costs a site and what it notices, counted by the site itself."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from archive.warc.reader import read_captures
from tests.crawler.crawls import crawl, declare, kept
from tests.portal_site.server import PortalSite
from tests.portal_site.story import Story

TRAP = re.compile(
    r"replytocom|utm_|^/author/|^/tag/|/tasveer/$|^/\d{4}/(\d\d/){0,2}$|^/\d{4}/\d\d/[^/]+/feed/"
)
EDITED, DELETED, ADDED, MOVED = 20, 5, 15, 2


@dataclass(frozen=True)
class Figures:
    """Of a first crawl, of a second one right after it, and of a due one a day after changes."""

    stories: int
    found: int
    requests: int
    traps: int
    body_bytes: int
    again_requests: int
    again_bytes: int
    noticed: dict[str, int]
    due_requests: int

    @property
    def recall(self) -> float:
        return self.found / self.stories

    @property
    def each(self) -> float:
        """Return the requests of the first crawl for each story."""
        return self.requests / self.stories


def measure(archive: Path, articles: int) -> Figures:
    """Crawl the demo portal of ``articles`` stories three times; change it before the third."""
    patience = 100 + articles / 3
    with PortalSite(articles) as site:
        declare(archive, site, sitemaps=["/wp-sitemap.xml"])
        crawl(archive, seconds=patience)
        first, stories = list(site.asked), [path(s) for s in site.articles]
        found = sum(story in kept(archive) for story in stories)
        crawl(archive, seconds=patience)
        second = site.asked[len(first) :]
        let_pass(archive, 25 * 3600)
        changes = change(site)
        before = kept(archive)
        crawl(archive, "demo", "--due", seconds=patience)
        third = site.asked[len(first) + len(second) :]
        return Figures(
            len(stories),
            found,
            len(first),
            sum(bool(TRAP.search(one.target)) for one in first),
            sum(one.body_bytes for one in first),
            len(second),
            sum(one.body_bytes for one in second),
            noticed(archive, changes, before),
            len(third),
        )


def path(story: Story) -> str:
    return urlsplit(story.url).path


def let_pass(archive: Path, seconds: float) -> None:
    """Make every time in the frontier ``seconds`` older, as if so much had passed."""
    with closing(sqlite3.connect(archive / "frontier.sqlite")) as database, database:
        for column in ("due", "fetched", "first_fetched", "offered"):
            database.execute(f"update urls set {column} = {column} - ?", [seconds])


def change(site: PortalSite) -> dict[str, list[str]]:
    """Edit, delete, move and add stories all over the portal; return their paths by what was done.

    A moved one gives its old address and its new one.
    """
    stories = site.articles
    step = len(stories) // (EDITED + DELETED + MOVED)
    chosen = stories[::step]
    edited = [path(site.edit(path(s))) for s in chosen[:EDITED]]
    deleted = [path(site.delete(path(s))) for s in chosen[EDITED : EDITED + DELETED]]
    moving = chosen[EDITED + DELETED :][:MOVED]
    moved = [(path(s), path(site.move(path(s)))) for s in moving]
    return {
        "edited": edited,
        "deleted": deleted,
        "added": [path(site.add()) for _ in range(ADDED)],
        "moved from": [old for old, _ in moved],
        "moved to": [new for _, new in moved],
    }


def noticed(archive: Path, changes: dict[str, list[str]], before: Counter[str]) -> dict[str, int]:
    """Count the changes of which the archive's WARCs have proof: a new payload, 410, 301."""
    after = kept(archive)
    statuses: dict[str, set[int]] = {}
    for warc in (archive / "warc").glob("*.warc.gz"):
        for capture in read_captures(warc):
            statuses.setdefault(urlsplit(capture.url).path, set()).add(capture.status or 0)
    fresh = {name for name, count in after.items() if count > before[name]}
    return {
        "edited": sum(one in fresh for one in changes["edited"]),
        "deleted": sum(410 in statuses[one] for one in changes["deleted"]),
        "added": sum(one in fresh for one in changes["added"]),
        "moved": sum(
            301 in statuses[old] and new in fresh
            for old, new in zip(changes["moved from"], changes["moved to"], strict=True)
        ),
    }
