"""A later crawl: what was edited, deleted, added and moved is noticed; what is the same is not fetched."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import archive
from archive.cli.common import Exit
from archive.warc.reader import read_captures
from tests.crawler.crawls import crawl, declare, frontier, kept, morestories
from tests.portal_site.server import PortalSite


@pytest.fixture
def site():
    with PortalSite(articles=80) as site:
        yield site


def let_a_day_pass(folder: Path) -> None:
    """Make due what a day from now would be, as if the archive's clock had moved."""
    with closing(sqlite3.connect(folder / "frontier.sqlite")) as database, database:
        database.execute(
            "update urls set due = ? where state = 'done' and due is not null", [time.time()]
        )


def test_edits_deletions_additions_and_moves_are_all_noticed(site, tmp_path):
    declare(tmp_path, site)
    assert crawl(tmp_path)[0] == Exit.OK
    assert morestories("ingest", "--archive", tmp_path).returncode == Exit.OK
    stories = list(site.articles)
    edited = [
        site.edit(
            urlsplit(s.url).path.strip("/").split("/")[-1],
            paragraph="मुख्यमंत्री ने मामले की जांच के आदेश दिए हैं और एक सप्ताह में रिपोर्ट मांगी है।",
        )
        for s in stories[5:11]
    ]
    deleted = [site.delete(urlsplit(s.url).path.strip("/").split("/")[-1]) for s in stories[20:23]]
    moved = [site.move(urlsplit(s.url).path.strip("/").split("/")[-1]) for s in stories[30:32]]
    added = [site.add() for _ in range(4)]
    old = {s.id: s.url for s in stories}
    let_a_day_pass(tmp_path)
    code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    assert morestories("ingest", "--archive", tmp_path).returncode == Exit.OK
    with closing(archive.open(tmp_path)) as database:
        revisions = dict(database.sql("select url, number from articles").fetchall())
        gone = {
            url for (url,) in database.sql("select url from captures where status = 410").fetchall()
        }
        bodies = dict(database.sql("select url, body from articles").fetchall())
    changed = {url for url, number in revisions.items() if number > 1}
    assert {story.url for story in edited} <= changed
    assert all("जांच के आदेश" in bodies[story.url] for story in edited)
    assert {old[story.id] for story in deleted} <= gone
    assert {story.url for story in added} <= set(revisions)
    redirected = frontier(tmp_path, "select url from urls where outcome in ('301', '302', '308')")
    assert {old[story.id] for story in moved} <= {url for (url,) in redirected}


def test_an_unchanged_site_is_asked_for_a_tenth_and_stored_once(site, tmp_path):
    declare(tmp_path, site)
    crawl(tmp_path)
    first = sum(asked.body_bytes for asked in site.asked)
    asked = len(site.asked)
    before = kept(tmp_path)
    assert crawl(tmp_path)[0] == Exit.OK
    again = site.asked[asked:]
    assert sum(one.body_bytes for one in again) <= 0.35 * first, [one.target for one in again]
    tiny = {"/robots.txt", "/sitemap-toota.xml"}  # under 256 bytes a revisit record saves nothing
    twice = {path for path, n in kept(tmp_path).items() if n > before[path]}
    assert twice <= tiny, "the same payload was stored twice"
    revisits = [
        capture
        for warc in (tmp_path / "warc").glob("*.warc.gz")
        for capture in read_captures(warc)
        if capture.record_type == "revisit"
    ]
    assert len(revisits) >= len(again) * 0.8


def test_full_walks_every_listing_to_its_end(site, tmp_path):
    declare(tmp_path, site)
    crawl(tmp_path)
    asked = len(site.asked)
    crawl(tmp_path)
    short = len(site.asked) - asked
    asked = len(site.asked)
    crawl(tmp_path, "demo", "--full")
    pages = {target for target in site.requests[asked:] if "/page/" in target}
    assert len(site.asked) - asked > short
    assert len(pages) >= 7


def test_dry_run_says_what_and_why_and_asks_nobody(site, tmp_path):
    declare(tmp_path, site)
    fresh = morestories("crawl", "demo", "--archive", tmp_path, "--dry-run", "--json")
    rows = json.loads(fresh.stdout)
    assert {row["kind"] for row in rows} == {"seed", "feed", "sitemap"}
    assert site.requests == []
    crawl(tmp_path, "demo", "--max-pages", "10")
    asked = len(site.requests)
    let_a_day_pass(tmp_path)
    later = json.loads(
        morestories("crawl", "demo", "--archive", tmp_path, "--dry-run", "--json").stdout
    )
    assert len(site.requests) == asked
    reasons = {row["why"] for row in later}
    assert "found, not fetched yet" in reasons
    shown = morestories("crawl", "demo", "--archive", tmp_path, "--dry-run").stdout
    assert f"{len(later):,} addresses now" in shown


def test_why_tells_what_became_of_a_url(site, tmp_path):
    declare(tmp_path, site)
    crawl(tmp_path, "demo", "--max-pages", "40")
    ((fetched,),) = frontier(tmp_path, "select url from urls where state = 'done' limit 1")
    ((refused, reason),) = frontier(
        tmp_path, "select url, outcome from urls where state = 'skipped' limit 1"
    )
    for url, word in ((fetched, "done"), (refused, reason)):
        said = morestories("frontier", "why", url, "--archive", tmp_path)
        assert said.returncode == Exit.OK
        assert word in said.stdout
    never = morestories("frontier", "why", "http://x.example/", "--archive", tmp_path)
    assert never.returncode == Exit.NOTHING
    assert "never met" in never.stdout
