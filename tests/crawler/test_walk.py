"""How far a run pages through listings, where REST has told all and where it has not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.link import Link, LinkKind
from archive.links.listed import Listing
from crawler.frontier import Claim
from crawler.walk import Walk

FEED = "https://a.test/category/x/feed/"


def claim(
    url: str = "https://a.test/x/", kind: LinkKind = LinkKind.SECTION, visits: int = 0
) -> Claim:
    return Claim(
        id=1,
        token=1,
        portal="a",
        url=url,
        host="a.test",
        kind=kind,
        via="",
        hops=1,
        priority=3,
        listing=True,
        attempts=1,
        visits=visits,
        first_fetched=None,
        etag="",
        last_modified="",
    )


def rest(*, last: bool, problem: str = "") -> Listing:
    links = (Link("https://a.test/1/", LinkKind.REST),)
    return Listing("rest", links, next=() if last else ("https://a.test/2",), problem=problem)


def told() -> Walk:
    walk = Walk(full=False)
    walk.read_rest(rest(last=True))
    return walk


def test_a_first_run_walks_to_the_end_until_rest_has_told_all() -> None:
    walk = Walk(full=False)
    assert walk.goes_on(claim())
    walk.read_rest(rest(last=False))
    assert walk.goes_on(claim())
    walk.read_rest(replace(rest(last=True), problem="cut"))
    assert walk.goes_on(claim())
    walk.read_rest(rest(last=True))
    assert not walk.goes_on(claim())
    assert not Walk(full=False).goes_on(claim(visits=1))
    assert Walk(full=True).goes_on(claim(visits=1))


@pytest.mark.parametrize(
    ("url", "kind", "doubted"),
    [
        (FEED, LinkKind.FEED, True),
        ("https://a.test/wp-sitemap-posts-post-1.xml", LinkKind.SITEMAP, True),
        ("https://a.test/wp-sitemap-posts-khabar-1.xml", LinkKind.SITEMAP, True),
        ("https://a.test/post-sitemap2.xml", LinkKind.SITEMAP, True),
        ("https://a.test/news-sitemap.xml", LinkKind.SITEMAP, True),
        ("https://a.test/wp-sitemap-posts-page-1.xml", LinkKind.SITEMAP, False),
        ("https://a.test/page-sitemap.xml", LinkKind.SITEMAP, False),
        ("https://a.test/category-sitemap.xml", LinkKind.SITEMAP, False),
        ("https://a.test/himachal/", LinkKind.SECTION, False),
    ],
)
def test_what_rest_did_not_name_gives_back_what_was_held(
    url: str, kind: LinkKind, doubted: bool
) -> None:
    walk = told()
    page_two = [Link("https://a.test/x/page/2/", LinkKind.PAGINATION)]
    walk.hold(page_two, via="https://a.test/x/", hops=1, again=True)
    assert walk.doubt(claim(url, kind), 0) == []
    held = walk.doubt(claim(url, kind), 1)
    assert [(one.links, one.via, one.again) for one in held] == (
        [(tuple(page_two), "https://a.test/x/", True)] if doubted else []
    )
    assert walk.goes_on(claim()) is doubted
    assert walk.doubt(claim(url, kind), 1) == []


def test_nothing_is_held_where_nothing_is_left_out() -> None:
    walk = Walk(full=False)
    walk.hold([Link(FEED, LinkKind.FEED)], via="", hops=1)
    walk.read_rest(rest(last=True))
    assert walk.doubt(claim(FEED, LinkKind.FEED), 3) == []
