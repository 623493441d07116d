"""When a run reads a listing, and what it takes for one."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from crawler.frontier import Frontier
from crawler.plan import next_due
from tests.crawler.crawls import crawl, frontier, morestories
from tests.crawler.figures import let_pass
from tests.crawler.test_crawl import _Small as Small
from tests.crawler.test_later_or_never import HTML, asked, bare, page

ITEM = "<item><title>A story of today {0}</title><link>/2026/11/{0}/</link></item>"
WORDS = "The council met on Tuesday and decided to mend the road before the snow comes. " * 4


def feed(*numbers: int, **headers: str):
    items = "".join(ITEM.format(number) for number in numbers)
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
    return 200, {"Content-Type": "application/rss+xml"} | headers, body.encode()


def story() -> tuple[int, dict[str, str], bytes]:
    body = f"<article><h1>A story of today</h1><p>{WORDS}</p></article>"
    return 200, HTML, f"<html><body class='single'>{body}</body></html>".encode()


def section(*numbers: int) -> tuple[int, dict[str, str], bytes]:
    cards = "".join(
        f"<h2><a href='/2026/11/khabar-{n}/'>The council mends the road number {n}</a></h2>"
        for n in numbers
    )
    return 200, HTML, f"<html><body class='blog'><main>{cards}</main></body></html>".encode()


def due(archive: Path, url: str) -> float | None:
    """Return in how many seconds a URL is due."""
    ((when,),) = frontier(archive, f"select due from urls where url = '{url}'")
    return None if when is None else when - time.time()


def test_a_run_of_what_is_due_reads_a_listing_at_its_own_time(tmp_path):
    with Small({"/": page("/feed/"), "/feed/": feed(1, 2, 3, 4)}) as server:
        server.answers |= {f"/2026/11/{n}/": story() for n in range(9)}
        bare(tmp_path, server, feeds=["/feed/"])
        assert next_due("demo", tmp_path) is None, "never crawled"
        crawl(tmp_path)
        assert due(tmp_path, server.url + "feed/") == pytest.approx(600, abs=60)
        first = next_due("demo", tmp_path)
        assert first is not None
        assert (first - datetime.now(UTC)).total_seconds() == pytest.approx(600, abs=60)

        before = len(server.asked)
        crawl(tmp_path, "demo", "--due")
        assert asked(server)[before:] == [], "nothing was due"

        let_pass(tmp_path, 1200)
        server.answers["/feed/"] = feed(5, 6, 1, 2)
        plan = morestories("crawl", "demo", "--due", "--dry-run", "--json", "--archive", tmp_path)
        assert "/feed/" in plan.stdout
        crawl(tmp_path, "demo", "--due")
        new = asked(server)[before:]
        assert sorted(new) == ["/", "/2026/11/5/", "/2026/11/6/", "/feed/", "/robots.txt"]
        # Two of four in 20 minutes: 0.4 x 4 / 2 x 20.
        assert due(tmp_path, server.url + "feed/") == pytest.approx(960, abs=150)
        said = morestories("frontier", "why", server.url + "feed/", "--archive", tmp_path).stdout
        assert re.search(r"every 1[5-8] min: 4 items, 1[2-4]\d new a day", said), said


def test_a_section_that_only_a_link_led_to_is_a_listing(tmp_path):
    with Small({"/": page("/shimla/"), "/shimla/": section(1, 2, 3)}) as server:
        server.answers |= {f"/2026/11/khabar-{n}/": story() for n in range(9)}
        bare(tmp_path, server)
        crawl(tmp_path)
        ((listing, shown),) = frontier(
            tmp_path, "select listing, shown from urls where url like '%/shimla/'"
        )
        assert (listing, shown) == (1, 3)
        stories = frontier(tmp_path, "select listing from urls where url like '%/2026/%'")
        assert stories == [(0,)] * 3
        # A day of nothing new: it is read ever more seldom, and never given up.
        for _ in range(4):
            let_pass(tmp_path, 26 * 3600)
            crawl(tmp_path, "demo", "--due")
        assert asked(server).count("/shimla/") == 5
        assert 8 * 3600 < (due(tmp_path, server.url + "shimla/") or 0) <= 24 * 3600
        let_pass(tmp_path, 26 * 3600)
        server.answers["/shimla/"] = section(4, 1, 2)
        crawl(tmp_path, "demo", "--due")
    assert "/2026/11/khabar-4/" in asked(server)


def test_an_address_that_moved_for_good_has_no_later_visit_and_its_target_has(tmp_path):
    answers = {"/": page("/old/", "/for-now/"), "/new/": story(), "/now/": story()}
    answers["/old/"] = (301, {"Location": "/new/"}, b"")
    answers["/for-now/"] = (302, {"Location": "/now/"}, b"")
    with Small(answers) as server:
        bare(tmp_path, server)
        crawl(tmp_path)
    assert due(tmp_path, server.url + "old/") is None
    assert due(tmp_path, server.url + "for-now/") is not None
    assert due(tmp_path, server.url + "new/") is not None


def test_a_feed_that_moved_is_read_in_every_run(tmp_path):
    answers = {"/": page(), "/rss": (301, {"Location": "/fresh.xml"}, b""), "/fresh.xml": feed(1)}
    with Small(answers | {f"/2026/11/{n}/": story() for n in (1, 2)}) as server:
        bare(tmp_path, server, feeds=["/rss"])
        crawl(tmp_path)
        server.answers["/fresh.xml"] = feed(2, 1)
        crawl(tmp_path)
    assert asked(server).count("/fresh.xml") == 2
    assert "/2026/11/2/" in asked(server)


class Judge(Small):
    """Answers ``/feed/`` by its validators; ``sent`` keeps those that came."""

    def __init__(self, etag: str, knows_tag: bool, modified: str) -> None:
        super().__init__({"/": page()})
        self.tag, self.knows_tag, self.modified = etag, knows_tag, modified
        self.sent: list[tuple[str | None, str | None]] = []
        self.body = feed(*range(1, 9))[2]

    def judge(self, headers) -> tuple[int, dict[str, str], bytes]:
        """Judge as RFC 9110, 13.2.2 has it: the date counts only where no tag was sent."""
        tag, since = headers.get("If-None-Match"), headers.get("If-Modified-Since")
        self.sent.append((tag, since))
        told = {"Content-Type": "application/rss+xml", "Last-Modified": self.modified}
        told |= {"ETag": self.tag} if self.tag else {}
        if tag is not None:
            same = self.knows_tag and tag == self.tag.removeprefix("W/")
        else:
            same = since is not None and parsedate_to_datetime(since) >= parsedate_to_datetime(
                self.modified
            )
        return (304, told, b"") if same else (200, told, self.body)


DATE = "Mon, 23 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    ("etag", "knows_tag", "expected"),
    [
        # nginx weakened it; the origin compares strings and knows the strong form.
        ('W/"a1b2"', True, [(None, None), ('"a1b2"', DATE), ('"a1b2"', DATE), ('"a1b2"', DATE)]),
        # Never known again: two machines with inodes of their own. Then the date alone is tried.
        ('"inode-7"', False, [(None, None), ('"inode-7"', DATE), (None, DATE), (None, DATE)]),
        ("", False, [(None, None), (None, DATE), (None, DATE), (None, DATE)]),
    ],
    ids=["weakened", "unknown", "date only"],
)
def test_the_date_alone_is_tried_where_the_tag_is_never_known_again(
    tmp_path, etag, knows_tag, expected
):
    with Judge(etag, knows_tag, DATE) as server:
        server.judges["/feed/"] = server.judge
        server.answers |= {f"/2026/11/{n}/": story() for n in range(1, 9)}
        bare(tmp_path, server, feeds=["/feed/"])
        for _ in range(4):
            crawl(tmp_path)
    assert server.sent == expected
    ((outcome,),) = frontier(tmp_path, "select outcome from urls where url like '%/feed/'")
    assert outcome == "304"


def test_a_frontier_of_an_earlier_version_is_given_what_it_lacks(tmp_path):
    url = f"sqlite:///{tmp_path / 'frontier.sqlite'}"
    Frontier(url).close()
    with closing(sqlite3.connect(tmp_path / "frontier.sqlite")) as database, database:
        for column in ("shown", "rate", "every"):
            database.execute(f"alter table urls drop column {column}")
        database.execute(
            "insert into urls (portal, key, url, host, kind, via, hops, priority, listing, state, "
            "due, attempts, visits, worker, token, outcome, offered, etag, last_modified) values "
            "('p', 'k', 'http://h.example/', 'h.example', 'seed', '', 0, 0, 1, 'queued', 0, 0, 0, "
            "'', 0, '', 0, '', '')"
        )
    with closing(Frontier(url)) as store:
        (claim,) = store.claim("p", 1, 10.0)
    assert claim.pulse.every == 0
