"""Several workers on one PostgreSQL frontier: one is killed, nothing is lost, one clock holds."""

from __future__ import annotations

import itertools
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from archive.cli.common import Exit
from crawler.frontier import Frontier
from tests.crawler.crawls import crawl, declare, kept, start
from tests.crawler.test_crawl import _Small, assert_nothing_lost, kill_five_times, wait_for
from tests.portal_site.server import PortalSite
from tests.postgresql import postgresql

pytestmark = pytest.mark.root


@pytest.fixture
def frontier_url():
    with postgresql() as folder:
        yield f"postgresql://postgres@/postgres?host={folder}"


@pytest.mark.timeout(300)
def test_five_kills_lose_no_story(frontier_url, tmp_path):
    with PortalSite(articles=90) as site:
        declare(tmp_path, site, delay=0.02)
        killed = kill_five_times(site, tmp_path, "--frontier", frontier_url)
        code, log = crawl(tmp_path, "demo", "--frontier", frontier_url)
        assert code == Exit.OK, log
        assert_nothing_lost(site, tmp_path, killed)
    with closing(Frontier(frontier_url)) as store:
        left = store.pending("demo", store.now())
    assert (left.due, left.waiting, left.claimed) == (0, 0, 0)


def test_one_of_two_workers_is_killed_and_no_url_is_lost(frontier_url, tmp_path):
    archives = [tmp_path / "a", tmp_path / "b"]
    with PortalSite(articles=120) as site:
        for archive in archives:
            declare(archive, site, delay=0.01)
        victim, survivor = (
            start(archive, "demo", "--frontier", frontier_url) for archive in archives
        )
        wait_for(lambda: len(site.requests) > 60, 40)
        victim.kill()
        victim.communicate()
        # The survivor is of the same machine, but only a run that starts frees at once: it waits
        # for the lease, as a worker on another machine would.
        log, _ = survivor.communicate(timeout=110)
        assert survivor.returncode == Exit.OK, log
        stories = {urlsplit(story.url).path for story in site.articles}
    held = [kept(archive) for archive in archives]
    assert stories <= set(held[0]) | set(held[1])
    twice = [path for path in stories if held[0][path] + held[1][path] > 1]
    assert len(twice) <= 8, "more was fetched twice than was in flight"


def test_crawl_delay_holds_over_workers(frontier_url, tmp_path):
    with PortalSite(articles=40) as site:
        workers = []
        for name in "ab":
            declare(tmp_path / name, site, delay=0.5)
            workers.append(
                start(tmp_path / name, "demo", "--frontier", frontier_url, "--max-pages", "8")
            )
        for worker in workers:
            worker.communicate(timeout=60)
        at = sorted(asked.at for asked in site.asked)
    assert len(at) == 18
    # Half a second apart when they leave; a busy machine may bring two closer on arrival.
    assert all(later - sooner > 0.25 for sooner, later in itertools.pairwise(at)), at
    assert at[-1] - at[0] > 16 * 0.5


def test_a_crawl_delay_of_two_seconds_holds_over_two_workers(frontier_url, tmp_path):
    html = {"Content-Type": "text/html"}
    answers = {f"/{n}": (200, html, b"<p>story %d</p>" % n) for n in range(6)}
    links = "".join(f'<a href="{path}">x</a>' for path in answers)
    answers["/"] = (200, html, links.encode())
    answers["/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 2\n")
    with _Small(answers) as server:
        workers = []
        for name in "ab":
            declare(tmp_path / name, server.url, feeds=[], sitemaps=[], delay=2)
            workers.append(start(tmp_path / name, "demo", "--frontier", frontier_url))
        for worker in workers:
            log, _ = worker.communicate(timeout=90)
            assert worker.returncode in (Exit.OK, Exit.NOTHING), log
        asked = sorted(server.asked)
    assert {path for _, path in asked} == {*answers}
    # A twentieth of a second is what a busy machine takes from the clock to the wire.
    near = [(a, b) for a, b in itertools.pairwise(asked) if b[0] - a[0] < 1.95]
    assert near == []
