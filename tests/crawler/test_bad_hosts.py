"""Hosts that stall, break off or lie: each request ends in a counted outcome, in time and memory."""

from __future__ import annotations

import gzip
import re
import time
from concurrent.futures import ThreadPoolExecutor
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
    """Crawl; return exit code, log, and the most memory that the process took, in bytes.

    Its own high-water mark is asked while it runs: what ``wait4`` gives counts the moment between
    fork and exec, at which it is as large as this process.
    """
    process = start(archive)
    status, most = Path(f"/proc/{process.pid}/status"), 0
    with ThreadPoolExecutor(1) as reader, process:
        log = reader.submit(process.communicate)
        while not log.done():
            if peak := re.search(r"VmHWM:\s*(\d+) kB", status.read_text()):
                most = max(most, int(peak[1]) * 1024)
            time.sleep(0.02)
    return process.returncode, log.result()[0], most


def listed(count: int) -> bytes:
    """Return a sitemap of ``count`` addresses that the portal refuses, each with its reason."""
    locs = (
        b"<url><loc>/tag/%d/</loc><lastmod>2026-11-24</lastmod></url>" % n for n in range(count)
    )
    return b"<urlset>" + b"".join(locs) + b"</urlset>"


@pytest.mark.timeout(240)
def test_eight_hostile_listings_at_once_take_less_than_500_mb(tmp_path):
    xml, html = {"Content-Type": "application/xml"}, {"Content-Type": "text/html"}
    bomb = gzip.compress(b"<urlset>" + b" " * 500_000_000 + b"</urlset>", 6)
    links = (b"<p><a href='/tag/%d/'>Rain and snow over Shimla</a></p>" % n for n in range(100_000))
    with Small({"/": section(1), "/2026/11/khabar-1/": story()}) as server:
        sitemaps = {
            "/bomb.xml.gz": (xml, bomb),
            "/sent-bomb.xml": (xml | {"Content-Encoding": "gzip"}, bomb),
            "/60-mb.xml": (xml, b"<rss><channel>" + b" " * 60_000_000),
            "/whole-60-mb.xml": (xml, b"<urlset>" + b"<url></url>" * 5_400_000),
            "/sent-50-mb.xml": (
                xml | {"Content-Encoding": "gzip"},
                gzip.compress(listed(700_000), 1),
            ),
            "/amp.xml": (xml, b"<urlset><url><loc>" + b"&" * 15_000_000 + b"</loc></url></urlset>"),
            "/links/": (html, b"<html><body>" + b"".join(links)),
            "/19-mb.xml": (xml, listed(300_000)),
        }
        server.answers |= {path: (200, *answer) for path, answer in sitemaps.items()}
        bare(tmp_path, server, sitemaps=list(sitemaps), max_bytes=100_000_000)
        code, log, memory = crawled_in(tmp_path)
    assert code == Exit.OK, log
    assert "/2026/11/khabar-1/" in asked(server), "the other roads lead on"
    assert memory < 500_000_000, f"{memory / 1e6:.0f} MB"
    assert frontier(tmp_path, "select url from urls where outcome = ''") == []
    refused = frontier(tmp_path, "select count(*) from urls where outcome = 'tag_archive'")
    assert refused[0][0] >= 100_000, "what the large ones say is read"
