"""Machine-readable words as pages break them, and the page's own among several."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from lxml import html

from archive.extract.metadata import Metadata, read_metadata
from archive.extract.structured import choose_article, read_json_ld
from archive.portal import Portal

URL = "https://dev.example/2024/12/rain/"


def read(page: str, url: str = URL, captured: datetime | None = None) -> Metadata:
    portal = Portal(timezone="Asia/Kolkata", language="hi")
    return read_metadata(html.document_fromstring(page), url=url, captured=captured, portal=portal)


@pytest.mark.parametrize(
    "source",
    [
        '{"@type":"NewsArticle","headline":"बारिश"}',
        '{"@type":"NewsArticle","headline":"बारिश",}',
        '{"@type":"NewsArticle","headline":"बारिश","x":"a\nb\tc"}',
        '<!-- {"@type":"NewsArticle","headline":"बारिश"} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"बारिश"}\n//]]>',
        '{"@type":"NewsArticle","headline":"बारिश"};',
        r'{"@type":"NewsArticle","headline":"बारिश","x":"C:\dir"}',
        '{"@type":"Organization","name":"x"}{"@type":"NewsArticle","headline":"बारिश"}',
        '{"@context":"https://schema.org","@graph":[[{"@type":["NewsArticle","Article"],"headline":"बारिश"}]]}',
        '{"@type":"WebPage","mainEntity":{"@type":"NewsArticle","headline":"बारिश"}}',
        '{"@type":"NewsArticle","headline":"बारिश","articleBody":"उसने कहा "हां" और गया"}',
        "\ufeff" + '{"@type":"http://schema.org/NewsArticle","headline":"बारिश"}',
    ],
)
def test_json_ld_is_read_as_pages_write_it(source: str) -> None:
    article = choose_article(read_json_ld([source]), [URL], ["बारिश"])
    assert article["headline"] == "बारिश"


@pytest.mark.parametrize("source", ["", "null", "[", "42", '"text"', "{" * 5000, "<p>x</p>"])
def test_what_is_no_json_ld_gives_nothing(source: str) -> None:
    assert choose_article(read_json_ld([source]), [URL], ["बारिश"]) == {}


def test_another_posts_json_ld_is_not_this_pages_even_if_alone() -> None:
    other = '{"@type":"Article","headline":"दूसरी खबर","url":"https://dev.example/other/","author":"कोई"}'
    found = read(
        f'<title>बारिश</title><script type="application/ld+json">{other}</script><h1>बारिश</h1>'
    )
    assert found.title == "बारिश"
    assert found.authors == ()


def test_nested_posts_and_live_updates_are_not_the_story() -> None:
    ld = (
        '{"@type":"LiveBlogPosting","headline":"बारिश","datePublished":"2024-12-13T10:15:00+05:30",'
        '"liveBlogUpdate":[{"@type":"BlogPosting","headline":"बारिश","datePublished":"2024-12-14T10:15:00+05:30"}]}'
    )
    found = read(
        f'<title>बारिश</title><script type="application/ld+json">{ld}</script><h1>बारिश</h1>'
    )
    assert found.published is not None
    assert found.published.text == "2024-12-13T10:15:00+05:30"


def test_the_headline_in_the_storys_script_wins_over_an_english_slug() -> None:
    text = "मंडी में बारिश के कारण सड़कें बंद हो गई हैं और लोगों को परेशानी हो रही है। " * 4
    found = read(
        '<meta property="og:title" content="मंडी में बारिश | देव न्यूज़"><meta property="og:site_name" content="देव न्यूज़">'
        f"<title>Rain in Mandi</title><h1>Rain in Mandi</h1><p>{text}</p>"
    )
    assert found.title == "मंडी में बारिश"
    assert found.rules["title"] == "og:title"
    assert found.language == "hi"


def test_a_printed_second_author_is_not_lost() -> None:
    ld = '{"@type":"Article","headline":"Rain in Mandi","author":{"name":"Anil Dogra"}}'
    found = read(
        f'<title>Rain in Mandi</title><script type="application/ld+json">{ld}</script><h1>Rain in Mandi</h1>'
        '<div><span class="author">Anil Dogra</span> <span class="author">Puneet Sharma</span></div>'
    )
    assert found.authors == ("Anil Dogra", "Puneet Sharma")
    assert found.rules["authors"] == "byline"


def test_a_stamp_that_ran_with_the_request_is_no_date() -> None:
    now = datetime(2024, 12, 20, 6, tzinfo=UTC)
    found = read(
        '<meta name="date" content="2024-12-20T11:30:05+05:30"><meta property="article:modified_time" '
        'content="2024-12-20T06:00:10Z"><h1>बारिश</h1>',
        captured=now,
    )
    assert found.published is not None
    assert (found.published.source, found.published.precision) == ("url", "month")
    assert found.modified is None


def test_a_printed_date_of_another_month_than_the_permalinks_is_another_posts() -> None:
    found = read("<h1>बारिश</h1><div>10 नवंबर 2024</div>")
    assert found.published is not None
    assert found.published.source == "url"
    assert read("<h1>बारिश</h1><div>10 दिसंबर 2024</div>").rules["published"] == "visible"


def test_section_tags_and_breadcrumbs() -> None:
    crumbs = (
        '{"@type":"BreadcrumbList","itemListElement":[{"name":"होम","item":"https://dev.example/"},'
        '{"item":{"@id":"https://dev.example/mandi/","name":"मंडी"}},{"name":"बारिश का दौर जारी है","item":"'
        + URL
        + '"}]}'
    )
    found = read(
        f'<title>बारिश का दौर जारी है</title><script type="application/ld+json">{crumbs}</script>'
        '<h1>बारिश का दौर जारी है</h1><div class="tags-links">Tags: बारिश, सड़क</div>'
    )
    assert (found.section, found.rules["section"]) == ("मंडी", "json-ld:breadcrumb")
    assert (found.tags, found.rules["tags"]) == (("बारिश", "सड़क"), "printed")


def test_long_keyword_lists_are_for_search_engines() -> None:
    assert (
        read(f'<meta name="keywords" content="{",".join(map(str, range(40)))}"><h1>x</h1>').tags
        == ()
    )
    assert read('<meta name="keywords" content="मंडी, बारिश"><h1>x</h1>').tags == ("मंडी", "बारिश")


def test_a_broken_address_costs_only_what_needs_it() -> None:
    found = read(
        "<title>बारिश</title><link rel=canonical href='http://[x'><h1>बारिश</h1>", url="http://[::1"
    )
    assert found.title == "बारिश"
    assert found.canonical_url == ""


@pytest.mark.parametrize(
    "page",
    [
        "<h1>x</h1>" + "<div>" * 4000 + '<time datetime="2024-12-01">x</time>' * 2000,
        "<h1>x</h1>" + "<p>पैरा है।</p>" * 50_000,
        "<h1>x</h1>" + "<div itemscope>" * 200 + "<i itemprop=author>x y</i>" * 50_000,
        "<h1>x</h1>" + "<div>" * 200 + "<a rel=tag>x</a>" * 50_000,
        "<title>" + " - a" * 100_000 + "</title>",
        '<meta property="article:published_time" content="' + "2024-" * 200_000 + '">',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
    ],
    ids=["deep", "paragraphs", "itemprops", "tags", "title", "stamp", "json"],
)  # fmt: skip
def test_hostile_pages_are_read_in_bounded_time(page: str) -> None:
    tree = html.document_fromstring(page, parser=html.HTMLParser(huge_tree=True))
    start = time.process_time()
    read_metadata(tree, url=URL)
    assert time.process_time() - start < 2.5
