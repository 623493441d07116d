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
from tests.crawler.figures import let_pass
from tests.crawler.test_crawl import _Small as Small
from tests.crawler.test_later_or_never import HTML, asked, bare
from tests.crawler.test_listing_times import feed
from tests.portal_site.server import PortalSite

pytestmark = pytest.mark.timeout(300)  # several crawls and readings each


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


FIRST = "The council met on Tuesday and decided to mend the road before the snow comes. " * 5
SECOND = "The work is to cost two million and to be done by the first days of December. " * 5
EDIT = "On Friday the engineer said that the bridge would be closed for all of a week. " * 3


def part(
    number: int, text: str, tag: str, two: str = "/2026/11/1/2/"
) -> tuple[int, dict[str, str], bytes]:
    """Return one page of a story of two, as WordPress writes it; ``two`` is page 2's address."""
    menu = "".join(
        f'<span class="post-page-numbers current" aria-current="page">{n}</span>'
        if n == number
        else f'<a href="{"/2026/11/1/" if n == 1 else two}" class="post-page-numbers">{n}</a>'
        for n in (1, 2)
    )
    body = f"""<html><head><title>The council mends the road</title></head><body class="single">
    <article><h1>The council mends the road</h1><div class="entry-content"><p>{text}</p>
    <div class="page-links">Pages: {menu}</div></div></article></body></html>"""
    return 200, HTML | {"ETag": f'"{tag}"'}, body.encode()


class TwoPages(Small):
    """A story of two pages that answers 304 to who has it, and a feed that names page 1."""

    def __init__(self, two: str = "/2026/11/1/2/") -> None:
        super().__init__({"/": (200, HTML, b"<p>home"), "/feed/": feed(1)})
        self.first, self.second = part(1, FIRST, "a1", two), part(2, SECOND, "b1", two)
        self.judges["/2026/11/1/"] = lambda headers: self.judge(headers, self.first)
        self.judges[two] = lambda headers: self.judge(headers, self.second)

    def judge(self, headers, answer):
        known = headers.get("If-None-Match") == answer[1]["ETag"]
        return (304, {"ETag": answer[1]["ETag"]}, b"") if known else answer


@pytest.mark.parametrize("two", ["/2026/11/1/2/", "/2026/11/1/?page=2"])
def test_a_later_page_comes_back_when_its_story_does_and_its_edit_is_a_revision(tmp_path, two):
    with TwoPages(two) as server:
        bare(tmp_path, server, feeds=["/feed/"])
        crawl(tmp_path)
        for age, count in ((3700, 2), (24 * 3600, 3), (7 * 24 * 3600, 4)):
            let_pass(tmp_path, age)
            if count == 3:  # page 1 stays as it was, byte for byte
                server.second = part(2, SECOND + EDIT, "b2", two)
            crawl(tmp_path, "demo", "--due")
            times = [asked(server).count(path) for path in ("/2026/11/1/", two)]
            assert times == [count, count]
    done = morestories("ingest", "--archive", tmp_path)
    assert done.returncode == Exit.OK, done.stderr
    with closing(archive.open(tmp_path)) as database:
        rows = database.sql("select url, number, body from articles").fetchall()
    ((url, number, body),) = rows
    assert (url, number) == (server.url + "2026/11/1/", 2)
    assert FIRST.strip() in body
    assert EDIT.strip() in body


def test_where_page_1_has_changed_page_2_is_asked_for_too(tmp_path):
    with TwoPages() as server:
        bare(tmp_path, server, feeds=["/feed/"])
        crawl(tmp_path)
        let_pass(tmp_path, 3700)
        crawl(tmp_path, "demo", "--due")
        with closing(sqlite3.connect(tmp_path / "frontier.sqlite")) as database, database:
            # As a sitemap's lastmod does: page 1 alone is due.
            database.execute("update urls set due = 1 where url like '%/2026/11/1/'")
        server.first, server.second = part(1, EDIT + FIRST, "a2"), part(2, SECOND + EDIT, "b2")
        crawl(tmp_path, "demo", "--due")
        assert [asked(server).count(f"/2026/11/1/{end}") for end in ("", "2/")] == [3, 3]
        assert sum(path == "/2026/11/1/2/" for path in kept(tmp_path).elements()) == 2
