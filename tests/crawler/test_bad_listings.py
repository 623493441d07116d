"""Feeds and sitemaps that are broken, huge or hostile: counted, bounded, and the crawl goes on."""

from __future__ import annotations

import gzip
import json
import time
from urllib.parse import urlsplit

import pytest

from archive.cli.common import Exit
from tests.crawler.crawls import frontier, morestories
from tests.crawler.test_crawl import _Small as Small
from tests.crawler.test_later_or_never import asked, bare
from tests.crawler.test_listing_times import section, story

XML = {"Content-Type": "application/xml"}
MAP = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</urlset>"


def rss(*links: str, title: str = "x") -> str:
    items = "".join(f"<item><title>{title}</title><link>{link}</link></item>" for link in links)
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"


def bomb() -> bytes:
    """Return a sitemap that unpacks to 300 MB of white space."""
    return gzip.compress(b"<urlset>" + b" " * 300_000_000 + b"</urlset>", 9)


@pytest.mark.timeout(180)
def test_each_bad_listing_is_counted_and_costs_only_itself(tmp_path):
    answers = {"/": section(1), "/2026/11/khabar-1/": story()}
    feeds = {
        "/page.xml": b"<!doctype html><html><body><p>We have moved.</p></body></html>",
        "/cut.xml": rss("/s/whole/", "/s/cut/").encode()[:-60],
        "/charset.xml": (
            "<?xml version='1.0' encoding='utf-8'?>" + rss("/s/charset/", title="caf\xe9 " * 9)
        ).encode("latin-1"),
        "/places.xml": rss("/s/relative/", "//elsewhere.example/x/", "javascript:x()").encode(),
        "/huge.xml": rss("/s/huge/").encode() + b" " * 60_000_000,
    }
    sitemaps = {"/bomb.xml.gz": bomb(), "/map.xml": MAP.format("<url></url>" * 3).encode()}
    with Small(answers) as server:
        server.answers |= {path: (200, XML, body) for path, body in (feeds | sitemaps).items()}
        server.answers |= {f"/s/{name}/": story() for name in ("whole", "charset", "relative")}
        gone = "http://no-such-host.invalid/feed/"
        bare(
            tmp_path,
            server,
            feeds=[*feeds, gone],
            sitemaps=list(sitemaps),
            hosts=["127.0.0.1", "no-such-host.invalid"],
        )
        began = time.monotonic()
        done = morestories("crawl", "demo", "--json", "--archive", tmp_path)
    assert done.returncode == Exit.OK, done.stderr
    assert time.monotonic() - began < 90
    told = json.loads(done.stdout)["failures"]
    assert told["no_listing"] == 1
    assert told["listing_damaged"] >= 2  # the one that was cut, the bomb
    assert told["too_large"] == 1
    assert told["unreachable"] + told.get("robots_unreachable", 0) >= 1
    for name in ("whole", "charset", "relative"):
        assert f"/s/{name}/" in asked(server)
    assert "/2026/11/khabar-1/" in asked(server), "the other roads lead on"
    rows = dict(frontier(tmp_path, "select url, outcome from urls where via = ''"))
    outcomes = {urlsplit(url).path: outcome for url, outcome in rows.items() if url != gone}
    assert outcomes["/huge.xml"] == "too_large"
    assert outcomes["/bomb.xml.gz"] == "200"
    assert rows[gone] in ("unreachable", "robots_unreachable")
    assert not [url for url in rows if "elsewhere" in url]
