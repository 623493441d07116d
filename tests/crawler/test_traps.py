"""Sites that are odd, broken or hostile: counted, bounded, and the crawl goes on."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest

from archive.cli.common import Exit
from archive.warc.reader import read_captures
from tests.crawler.crawls import crawl, declare, frontier, kept
from tests.portal_site.server import PortalSite


@pytest.fixture
def site():
    with PortalSite(articles=60) as site:
        yield site


def captures(archive):
    for warc in sorted((archive / "warc").glob("*.warc.gz")):
        yield from read_captures(warc)


def paths(site: PortalSite) -> set[str]:
    return {urlsplit(story.url).path for story in site.articles}


@pytest.mark.parametrize(
    "act", ["garbage", "short", "reset", "bad_gzip", "gzip_bomb", "404", "elsewhere", "file"]
)
def test_a_broken_feed_and_sitemap_cost_only_themselves(site, tmp_path, act):
    for path in ("/feed/", "/sitemap.xml", "/wp-sitemap.xml"):
        site.misbehave(path, act, times=9)
    declare(tmp_path, site)
    code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    assert len(paths(site) & set(kept(tmp_path))) > 30, "the other roads lead to most stories"
    assert "Traceback" not in log
    assert not any(
        urlsplit(u).hostname != "127.0.0.1" for (u,) in frontier(tmp_path, "select url from urls")
    )


def test_a_page_that_hangs_or_drips_is_given_up_in_time(site, tmp_path):
    story = site.articles[3]
    site.misbehave(urlsplit(story.url).path, "drip", times=9)
    declare(tmp_path, site, timeout=1.5)
    began = time.monotonic()
    code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    assert time.monotonic() - began < 60
    ((state, outcome),) = frontier(
        tmp_path, f"select state, outcome from urls where url = '{story.url}'"
    )
    assert (state, outcome) == ("failed", "timeout")
    assert len(paths(site) - set(kept(tmp_path))) == 1


@pytest.mark.parametrize("max_bytes", [2_000_000, 100_000_000])
def test_of_a_robots_txt_of_57_mb_the_first_500_kib_are_obeyed(site, tmp_path, max_bytes):
    site.misbehave("/robots.txt", "huge_robots")  # its last line forbids everything
    declare(tmp_path, site, sections=["/private/"], max_bytes=max_bytes)
    code, log = crawl(tmp_path, "demo", "--max-pages", "20")
    assert code == Exit.BUDGET, log
    assert "Traceback" not in log
    assert len(kept(tmp_path)) > 10
    assert site.requests.count("/robots.txt") == 1
    assert "/private/" not in site.requests
    query = "select state, outcome from urls where url like '%/private/'"
    assert frontier(tmp_path, query) == [("skipped", "robots")]
    robots = [c for c in captures(tmp_path) if c.url.endswith("/robots.txt")]
    assert [c.truncated for c in robots] == ["length"]
    assert sum(w.stat().st_size for w in (tmp_path / "warc").glob("*.gz")) < 5_000_000


def test_a_page_of_100_000_links_is_bounded(site, tmp_path):
    site.misbehave("/", "many_links")
    declare(tmp_path, site)
    began = time.monotonic()
    code, log = crawl(tmp_path, "demo", "--max-pages", "60")
    assert code == Exit.BUDGET, log
    assert "the first 5000 count" in log
    assert time.monotonic() - began < 60


def test_a_site_that_answers_anything_with_its_home_page_ends(tmp_path):
    with PortalSite(articles=60, soft_404=True) as site:
        declare(tmp_path, site, feeds=["/feed/", "/no/such/feed/"], sections=["/page/900/"])
        code, log = crawl(tmp_path)
        assert code == Exit.OK, log
        assert paths(site) <= set(kept(tmp_path))
        assert len(site.requests) <= 2 * len(site.articles) + 30


def test_traps_are_at_most_two_in_a_hundred_requests(site, tmp_path):
    declare(tmp_path, site)
    crawl(tmp_path)
    trapped = [
        target
        for target in site.requests
        if any(
            sign in target
            for sign in (
                "replytocom",
                "/author/",
                "/tag/",
                "attachment",
                "?s=",
                "/feed/?",
                "comment",
            )
        )
        and "paged" not in target
    ]
    assert len(trapped) <= 0.02 * len(site.requests), trapped


def test_where_rest_hides_stories_the_listings_are_walked(tmp_path):
    """The demo's REST, as a plugin can make it, leaves out stories that a feed names."""
    with PortalSite(articles=120, rest=True) as site:
        posts = "/wp-json/wp/v2/posts"
        declare(tmp_path, site, rest=posts, concurrency=1, sections=["/category/shimla/"])
        code, log = crawl(tmp_path)
        assert code == Exit.OK, log
        assert sum(target.startswith(posts) for target in site.requests) == 1
        assert "names what REST does not" in log
        assert paths(site) <= set(kept(tmp_path))
