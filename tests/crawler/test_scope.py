"""Which links are followed, and the reason kept for every other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.link import Link, LinkKind
from crawler import scope
from crawler.portal import Declaration
from crawler.scope import MAX_OF_A_PATTERN, Scope, clean, is_listing, is_part_of, key_of

PORTAL = Declaration(
    id="p",
    home="https://himkhabar.example/",
    feeds=("https://himkhabar.example/tag/feed/",),
    skip=(r"/epaper/",),
    max_depth=3,
)


def judge(url: str, kind: LinkKind = LinkKind.BODY, hops: int = 1) -> str | None:
    offers = list(Scope(PORTAL).offers([Link(url, kind)], via="v", hops=hops))
    return offers[0].reason if offers else None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("2026/11/शिमला-में-बर्फबारी/", ""),
        ("2026/11/%E0%A4%B6%E0%A4%BF%E0%A4%AE%E0%A4%B2%E0%A4%BE/", ""),
        ("?p=123", ""),
        ("2024/", "date_archive"),
        ("2026/11/24/", "date_archive"),
        ("2026/11/page/3/", "date_archive"),
        ("news/2417/", ""),
        ("a/?replytocom=7", "reply_form"),
        ("a/?share=whatsapp", "share_button"),
        ("?s=bus", "search_form"),
        ("tag/shimla/", "tag_archive"),
        ("author/admin/", "author_archive"),
        ("2026/11/slug/feed/", "comment_feed"),
        ("wp-login.php?x=1", "login"),
        ("2026/11/slug/attachment/photo/", "attachment"),
        ("photo.jpg", "file"),
        ("photo.JPG?w=1", "file"),
        ("epaper/today/", "skip_rule"),
        ("page/2001/", "endless_pagination"),
        ("page/99999999999999999999/", "endless_pagination"),
        ("a/b/a/b/a/b/", "repeated_folders"),
        ("x/x/x/", "repeated_folders"),
        ("events/2026-11/", "calendar"),
        ("?rest_route=/wp/v2/posts&page=2", ""),
        ("?rest_route=/wp/v2/users", "rest_object"),
        ("?feed=rss2&paged=2", ""),
        ("?feed=comments-rss2", "comment_feed"),
        ("/".join("abcdefghijklmnop"), "repeated_folders"),
        ("a" * 2100, "too_long"),
    ],
)
def test_refusals(path, reason):
    assert judge("https://himkhabar.example/" + path) == reason


def test_a_query_that_can_take_any_value_has_a_budget():
    scope = Scope(PORTAL)
    links = [Link(f"https://himkhabar.example/rates/?day={n}", LinkKind.BODY) for n in range(400)]
    reasons = [offer.reason for offer in scope.offers(links, via="", hops=1)]
    assert reasons.count("") == MAX_OF_A_PATTERN
    assert set(reasons[MAX_OF_A_PATTERN:]) == {"pattern_budget"}
    # What was let through stays so, and a post's number is no pattern.
    assert next(scope.offers(links[:1], via="", hops=1)).reason == ""
    posts = [Link(f"https://himkhabar.example/?p={n}", LinkKind.BODY) for n in range(400)]
    assert {offer.reason for offer in scope.offers(posts, via="", hops=1)} == {""}


def test_the_budgets_of_a_long_crawl_take_bounded_memory(monkeypatch):
    monkeypatch.setattr(scope, "MAX_COUNTED", 1000)
    judged = scope.Scope(Declaration(id="p", home="https://a.example/"))

    def reasons(paths):
        links = [Link(f"https://a.example{path}", LinkKind.BODY) for path in paths]
        return [offer.reason for offer in judged.offers(links, via="", hops=1)]

    filters = [f"/shop/?colour={n}" for n in range(301)]
    assert reasons(filters)[-1] == "pattern_budget"
    for n in range(2000):  # a trap whose path changes too; the filter is met now and then
        assert reasons([f"/{n}/?x={n}", filters[-1]]) == ["", "pattern_budget"]
    assert sum(map(len, judged._patterns.values())) <= 1000
    assert len(judged._patterns) <= 1000


def test_depth_counts_links_not_pages_of_a_listing():
    assert judge("https://himkhabar.example/a/", hops=4) == "max_depth"
    assert judge("https://himkhabar.example/page/9/", LinkKind.PAGINATION, hops=4) == ""


def test_what_the_archivist_named_is_never_a_trap():
    assert judge("https://himkhabar.example/tag/feed/", LinkKind.FEED) == ""


def test_a_feed_item_is_a_story_however_odd_its_address():
    assert judge("https://himkhabar.example/2024/", LinkKind.FEED) == ""
    # … but a story's comment feed, which its page announces, lists no stories.
    comments = "https://himkhabar.example/2026/11/slug/feed/"
    assert judge(comments, LinkKind.FEED) == "comment_feed"


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "mailto:a@himkhabar.example",
        "javascript:void(0)",
        "ftp://himkhabar.example/a",
        "https://himkhabar.example:8443/",
        "http://[broken",
        "http://himkhabar.example:port/",
        "tel:+911772",
        "",
    ],
)
def test_what_leaves_the_portal_is_no_offer(url):
    assert judge(url) is None


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("https://A.example/x?utm_source=rss&id=7&fbclid=z#top", "https://a.example/x?id=7"),
        ("https://a.example", "https://a.example/"),
        (
            "https://a.example/शिमला/",
            "https://a.example/%E0%A4%B6%E0%A4%BF%E0%A4%AE%E0%A4%B2%E0%A4%BE/",
        ),
        ("https://a.example/x;jsessionid=1F?b=1", "https://a.example/x?b=1"),
        # Decomposed letters are the site's own bytes: composing them would ask for another page.
        ("https://a.example/क़/", "https://a.example/%E0%A4%95%E0%A4%BC/"),
        ("https://a.example/?b=2&a=%E0%A4%B6", "https://a.example/?b=2&a=%E0%A4%B6"),
        ("https://a.example/?utm_medium=x&q=%E0%A4%B6&e=", "https://a.example/?q=%E0%A4%B6&e="),
    ],
)
def test_clean(dirty, tidy):
    assert clean(dirty) == tidy


_segments = st.lists(
    st.sampled_from(["a", "X9", ".", "..", "%E0%A4%B6", "%e0", "%2F", "~", "_-.b", ""])
)
_hosts = st.sampled_from(
    ["a.example", "A.example", "127.0.0.1:8000", "xn--h2brj9c", "a..b", "a:0", "a:"]
)


@given(_hosts, _segments, st.sampled_from(["", "?b=1&a", "#x", "\n", ";jsessionid=1"]))
def test_the_short_way_to_a_plain_address_gives_what_the_long_one_does(host, segments, rest):
    url = f"http://{host}/{'/'.join(segments)}{rest}"
    quick = clean(url), key_of(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scope, "PLAIN", re.compile("never^"))
        assert quick == (clean(url), key_of(url))


def test_two_spellings_share_a_key_but_a_slash_counts():
    assert key_of("https://a.example/x?b=2&a=1") == key_of("https://a.example/x?a=1&b=2")
    assert key_of("https://a.example/x") != key_of("https://a.example/x/")


@pytest.mark.parametrize(
    ("url", "listing"),
    [
        ("https://a.example/", True),
        ("https://a.example/category/khel/", True),
        ("https://a.example/page/3/", True),
        ("https://a.example/feed/", True),
        ("https://a.example/?paged=2", True),
        ("https://a.example/post-sitemap2.xml.gz", True),
        ("https://a.example/2026/11/slug/", False),
        ("https://a.example/?p=12", False),
    ],
)
def test_is_listing(url, listing):
    assert is_listing(url) is listing


@pytest.mark.parametrize(
    ("url", "story", "part"),
    [
        ("https://a.example/x/?page=2", "https://a.example/x/", True),
        ("https://a.example/x/?page=3", "https://a.example/x/?page=2", True),
        ("https://a.example/?p=7&page=2", "https://a.example/?p=7", True),
        ("https://a.example/?p=8&page=2", "https://a.example/?p=7", False),
        ("https://a.example/x/?paged=2", "https://a.example/x/", False),
        ("https://a.example/category/mandi/?page=2", "https://a.example/x/", False),
    ],
)
def test_a_story_is_told_from_a_section_by_what_its_page_number_is_added_to(url, story, part):
    assert is_part_of(url, story) is part


def test_sitemap_lastmod_asks_for_a_fetch_of_what_is_older():
    link = Link("https://himkhabar.example/a/", LinkKind.SITEMAP, date="2026-11-24T10:00:00+05:30")
    (offer,) = Scope(PORTAL).offers([link], via="", hops=1)
    assert offer.changed == 1795494600.0


def test_what_is_excluded_is_refused_though_the_portal_names_it() -> None:
    judged = Scope(PORTAL, lambda url: url == clean(PORTAL.home) or "/out/" in url)
    out = f"{PORTAL.home.rstrip('/')}/out/a-story"
    links = [Link(PORTAL.home, LinkKind.SEED), Link(out, LinkKind.FEED)]
    assert [one.reason for one in judged.offers(links, via="", hops=0)] == ["excluded"] * 2
    assert judged.withdrawn(out, LinkKind.FEED) == "excluded"
    assert [o.reason for o in judged.requisites([out], via="", hops=1, now=0)] == ["excluded"]
