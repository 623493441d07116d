"""Metadata of whole pages, each written here to show one thing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree, html

from archive.extract.clock import local_day
from archive.extract.metadata import Metadata, read_metadata
from archive.portal import Portal

PORTAL = Portal(id="dev", name="देव न्यूज़", timezone="Asia/Kolkata", language="hi")
URL = "https://dev.example/2024/12/rain/"
TEXT = "शिमला। प्रदेश में बारिश का दौर जारी है और लोगों को परेशानी हो रही है। " * 8


def read(head: str, body: str, url: str = URL) -> Metadata:
    tree = html.document_fromstring(
        f'<html lang="hi-IN"><head>{head}</head><body>{body}</body></html>'
    )
    before = etree.tostring(tree)
    found = read_metadata(
        tree, url=url, captured=datetime(2024, 12, 20, 6, tzinfo=UTC), portal=PORTAL
    )
    assert etree.tostring(tree) == before, "the tree was changed"
    return found


def day(found: Metadata) -> str:
    assert found.published is not None
    return local_day(found.published, PORTAL.timezone).isoformat()


def test_a_wordpress_page_without_seo_plugin_is_read_from_what_it_prints() -> None:
    found = read(
        "<title>बारिश का दौर - देव न्यूज़</title>",
        '<div class="top-header"><span class="topbar-date">20 दिसंबर 2024</span></div>'
        '<main><article class="post"><ul class="cat-links"><li><a href="/category/himachal/">हिमाचल</a></li></ul>'
        '<h1 class="entry-title">बारिश का दौर</h1><div class="entry-meta"><span class="posts-author">'
        '<a href="/author/1/">राकेश शर्मा</a></span> <span class="posts-date">१३ दिसम्बर २०२४</span></div>'
        f'<div class="entry-content"><p>{TEXT}</p></div><a rel="tag" href="/tag/a/">बारिश</a></article>'
        '<div class="comments"><span class="author">टिप्पणीकार</span><time datetime="2024-12-18T10:00:00+05:30">x</time></div></main>',
    )
    assert found.title == "बारिश का दौर"
    assert found.authors == ("राकेश शर्मा",)
    assert day(found) == "2024-12-13"
    assert found.section == "हिमाचल"
    assert found.tags == ("बारिश",)
    assert (found.language, found.script) == ("hi", "Deva")
    assert found.rules["published"] == "visible"
    assert found.rules["authors"] == "byline"


def test_the_header_clock_is_never_the_date() -> None:
    found = read(
        "<title>बारिश</title>",
        '<div><span>शुक्रवार, 20 दिसंबर 2024</span></div><div class="wrap"><div class="x"><div class="y">'
        f"<h1>बारिश</h1></div></div><p>{TEXT}</p></div>",
    )
    assert found.published is not None
    assert (found.published.source, found.published.precision) == ("url", "month")


def test_broken_json_ld_is_mended_and_the_pages_own_article_chosen() -> None:
    found = read(
        "<title>बारिश का दौर</title>"
        '<script type="application/ld+json">[{"@type":"NewsArticle","headline":"दूसरी खबर","url":"https://dev.example/2024/11/other/",'
        '"datePublished":"2024-11-01T10:00:00+05:30","author":{"name":"कोई और"}},'
        '{"@type":"NewsArticle","headline":"बारिश\tका दौर","url":"https://dev.example/2024/12/rain",'
        '"datePublished":"2024-12-12T20:15+00:00","author":[{"@type":"Person","name":"राकेश शर्मा",},],}]</script>',
        f"<h1>बारिश का दौर</h1><p>{TEXT}</p>",
    )
    assert found.authors == ("राकेश शर्मा",)
    assert day(found) == "2024-12-13"
    assert found.rules["authors"] == "json-ld:author"


def test_authors_behind_ids_and_site_names_as_last_resort() -> None:
    graph = (
        '{"@graph":[{"@type":"Article","headline":"बारिश","author":{"@id":"#p"},"publisher":{"@id":"#o"}},'
        '{"@type":"Person","@id":"#p","name":"%s"},{"@type":"Organization","@id":"#o","name":"देव न्यूज़"}]}'
    )
    head = f'<title>बारिश</title><script type="application/ld+json">{graph}</script>'
    named = f'<h1>बारिश</h1><div class="byline">अनिल डोगरा</div><p>{TEXT}</p>'
    assert read(head % "राकेश शर्मा", named).authors == ("राकेश शर्मा",)
    assert read(head % "देव न्यूज़", named).authors == ("अनिल डोगरा",)
    assert read(head % "देव न्यूज़", f"<h1>बारिश</h1><p>{TEXT}</p>").authors == ("देव न्यूज़",)


def test_a_page_that_says_nothing_gives_empty_values() -> None:
    found = read("", "", url="https://dev.example/x")
    assert (found.title, found.authors, found.published, found.tags) == ("", (), None, ())
    assert "published" not in found.rules


def test_a_logo_is_no_lead_image_and_a_home_page_no_canonical_address() -> None:
    found = read(
        '<meta property="og:image" content="/site-logo.png"><meta name="twitter:image" content="/rain.jpg">'
        '<link rel="canonical" href="https://dev.example/">',
        f"<h1>बारिश</h1><p>{TEXT}</p>",
    )
    assert found.image == "https://dev.example/rain.jpg"
    assert found.canonical_url == ""


@pytest.mark.parametrize(
    ("slug", "printed", "published", "rule"),
    [
        # A slug that begins with a number: the address names the month only.
        ("2024/12/8-72-%e0%a4%95/", '<time datetime="2024-12-17T10:15:00+05:30">x</time>', "2024-12-17", "time"),
        # A day in the address, and an instant or another day in the page.
        ("2024/12/13/rain/", '<time datetime="2024-12-17T10:15:00+05:30">x</time>', "2024-12-17", "time"),
        ("x-20241208/", "<p>17 दिसंबर 2024, 10:15 AM</p>", "2024-12-17", "visible"),
        ("2024/12/13/rain/", "<p>17 दिसंबर 2024</p>", "2024-12-13", "url"),
        ("2024/11/13/rain/", '<time datetime="2024-12-17T10:15:00+05:30">x</time>', "2024-11-13", "url"),
        ("2024/12/13/rain/", "<p>Updated: 17 Dec 2024 10:15 AM</p>", "2024-12-13", "url"),
        # What agrees with the address comes before an instant that does not.
        ("2024/12/13/rain/", '<p>13 दिसंबर 2024</p><div><time datetime="2024-12-17T10:15:00+05:30">x</time></div>',
         "2024-12-13", "visible"),
    ],
)  # fmt: skip
def test_an_instant_in_the_page_wins_over_a_day_in_the_address(
    slug: str, printed: str, published: str, rule: str
) -> None:
    found = read(
        "<title>बारिश</title>",
        f"<main><h1>बारिश</h1>{printed}<p>{TEXT}</p></main>",
        url=f"https://dev.example/{slug}",
    )
    assert (day(found), found.rules["published"]) == (published, rule)


def test_an_unknown_zone_costs_no_date() -> None:
    tree = html.document_fromstring(
        '<h1>बारिश</h1><time datetime="2024-12-13T10:15:00+05:30">x</time>'
    )
    found = read_metadata(tree, url=URL, portal=Portal(timezone="Asia/Nahan"))
    assert found.published is not None
    assert found.published.at == datetime(2024, 12, 13, 4, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("category", "tag"),
    [
        # WordPress's block themes, with addresses that tell and with addresses that do not.
        ('<div class="taxonomy-category wp-block-post-terms"><a href="/category/himachal/" rel="tag">हिमाचल</a></div>',
         '<div class="taxonomy-post_tag wp-block-post-terms"><a href="/tag/rain/" rel="tag">बारिश</a></div>'),
        ('<div class="taxonomy-category wp-block-post-terms"><a href="/khabar/himachal/" rel="tag">हिमाचल</a></div>',
         '<div class="taxonomy-post_tag wp-block-post-terms"><a href="/vishay/rain/" rel="tag">बारिश</a></div>'),
        ('<a href="/?cat=3" rel="tag">हिमाचल</a>', '<a href="/?tag=rain" rel="tag">बारिश</a>'),
        # A block of both, where only the addresses tell.
        ('<div class="post-categories"><a href="/category/himachal/" rel="tag">हिमाचल</a>',
         '<a href="/tag/rain/" rel="tag">बारिश</a></div>'),
        # Tags within a block of categories' name, as the nearer name says.
        ('<div class="categories-and-more"><a href="/khabar/himachal/" rel="tag">हिमाचल</a>',
         '<p class="post-tags"><a href="/vishay/rain/" rel="tag">बारिश</a></p></div>'),
    ],
)  # fmt: skip
def test_a_category_that_is_marked_as_a_tag_is_the_section(category: str, tag: str) -> None:
    found = read(
        "<title>बारिश</title>",
        f"<main><h1>बारिश</h1><p>{TEXT}</p><div>{category}{tag}</div></main>",
    )
    assert (found.section, found.rules["section"]) == ("हिमाचल", "category-link")
    assert (found.tags, found.rules["tags"]) == (("बारिश",), "rel=tag")


def test_the_class_of_a_whole_post_makes_no_link_a_category() -> None:
    found = read(
        "<title>बारिश</title>",
        '<div class="post-7 post type-post hentry category-himachal tag-rain"><h1>बारिश</h1>'
        f'<p>{TEXT}</p><a href="/vishay/roads/" rel="tag">सड़क</a></div>',
    )
    assert found.tags == ("सड़क",)
    assert found.section == ""
