"""Hosts that stall, break off or lie: each request ends in a counted outcome, in time and memory."""

from __future__ import annotations

import gzip
import os
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive.cli.common import Exit
from tests.crawler.crawls import crawl, declare, frontier, kept, start
from tests.crawler.test_crawl import _Small as Small
from tests.crawler.test_later_or_never import asked, bare
from tests.crawler.test_listing_times import section, story
from tests.portal_site.server import PortalSite

# What a page, a feed and a sitemap end in; those that never come whole are tried three times.
OUTCOMES = {
    "hang": {"timeout"},
    "drip": {"timeout"},
    "reset": {"disconnect"},
    "close": {"disconnect"},
    "short": {"disconnect"},
    "garbage": {"disconnect"},
    "long": {"200"},  # its first 20 bytes, as its head says
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["story", "feed", "sitemap"])
def test_each_kind_of_broken_host_is_counted_and_the_crawl_goes_on(tmp_path, kind):
    """One kind a crawl: after twenty failures in a row the whole host would be left alone."""
    with PortalSite(articles=60) as site:
        stories = [urlsplit(article.url).path for article in site.articles[3:]]
        bad = dict(zip(stories, OUTCOMES, strict=False)) if kind == "story" else {}
        feeds = {f"/{act}/feed/": act for act in OUTCOMES} if kind == "feed" else {}
        sitemaps = {f"/sitemap-{act}.xml": act for act in OUTCOMES} if kind == "sitemap" else {}
        for path, act in (bad | feeds | sitemaps).items():
            site.misbehave(path, act, times=9)
        declare(
            tmp_path,
            site,
            timeout=2,
            feeds=["/feed/", *feeds],
            sitemaps=["/sitemap.xml", *sitemaps],
        )
        began = time.monotonic()
        code, log = crawl(tmp_path, seconds=150)
        assert time.monotonic() - began < 120  # a minute: tries 5 and 20 seconds apart
        stories = {urlsplit(article.url).path for article in site.articles}
    assert code == Exit.OK, log
    assert "Traceback" not in log
    rows = frontier(tmp_path, "select url, outcome from urls")
    ended = {urlsplit(url).path: outcome for url, outcome in rows}
    told = {path: ended[path] for path in bad | feeds | sitemaps}
    wrong = {p: o for p, o in told.items() if o not in OUTCOMES[(bad | feeds | sitemaps)[p]]}
    assert wrong == {}
    assert stories - set(bad) <= set(kept(tmp_path))


def crawled_in(archive: Path) -> tuple[int, str, int]:
    """Crawl; return exit code, log, and the most memory that was taken, in bytes."""
    process: subprocess.Popen[str] = start(archive)
    assert process.stdout is not None
    with process.stdout:
        log = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, log, usage.ru_maxrss * 1024


@pytest.mark.timeout(240)
def test_bombs_and_60_mb_take_bounded_memory(tmp_path):
    xml = {"Content-Type": "application/xml"}
    bomb = gzip.compress(b"<urlset>" + b" " * 500_000_000 + b"</urlset>", 6)
    with Small({"/": section(1), "/2026/11/khabar-1/": story()}) as server:
        server.answers |= {
            "/bomb.xml.gz": (200, xml, bomb),
            "/sent-bomb.xml": (200, xml | {"Content-Encoding": "gzip"}, bomb),
            "/60-mb.xml": (200, xml, b"<rss><channel>" + b" " * 60_000_000),
            "/whole-60-mb.xml": (200, xml, b"<urlset>" + b"<url></url>" * 5_400_000),
        }
        bare(
            tmp_path,
            server,
            feeds=["/60-mb.xml"],
            sitemaps=["/bomb.xml.gz", "/sent-bomb.xml", "/whole-60-mb.xml"],
            max_bytes=100_000_000,
        )
        code, log, memory = crawled_in(tmp_path)
    assert code == Exit.OK, log
    assert "/2026/11/khabar-1/" in asked(server), "the other roads lead on"
    print(f"{memory / 1e6:.0f} MB")
    # 1.2 GB; where all four are read at once, 2.2 GB.
    assert memory < 1_600_000_000, f"{memory / 1e6:.0f} MB"
    assert frontier(tmp_path, "select url from urls where outcome = ''") == []
