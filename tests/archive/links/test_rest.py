"""WordPress's REST listing of posts."""

import json

import pytest

from archive.link import Link, LinkKind
from archive.links.rest import posts_url, read_posts

URL = "https://news.example/wp-json/wp/v2/posts?per_page=2"
POSTS = [
    {
        "id": 1,
        "date": "2026-11-24T10:00:00",
        "date_gmt": "2026-11-24T04:30:00",
        "modified_gmt": "2026-11-24T05:00:00",
        "link": "https://news.example/one/",
        "title": {"rendered": "मंडी &#8216;अलर्ट&#8217;"},
    },
    {"id": 2, "date": "2026-11-23T10:00:00", "link": "https://news.example/two/", "title": "दो"},
]
TEXT = json.dumps(POSTS)


def read(text: str, url: str = URL, headers=()):
    return read_posts(text.encode(), url=url, headers=headers)


def test_posts_become_links_with_title_and_last_change():
    listing = read(TEXT)
    assert listing.kind == "rest"
    assert listing.problem == ""
    assert listing.links == (
        Link("https://news.example/one/", LinkKind.REST, "मंडी ‘अलर्ट’", "2026-11-24T05:00:00+00:00"),
        Link("https://news.example/two/", LinkKind.REST, "दो", "2026-11-23T10:00:00"),
    )


@pytest.mark.parametrize(
    ("url", "headers", "expected"),
    [
        (URL, [("X-WP-TotalPages", "3")], f"{URL}&page=2"),
        (f"{URL}&page=2", [("x-wp-totalpages", "3")], f"{URL}&page=3"),
        (f"{URL}&page=3", [("x-wp-totalpages", "3")], None),
        (URL, [("link", f'<{URL}&page=2>; rel="next"')], f"{URL}&page=2"),
        (URL, [("link", f'<{URL}&page=1>; rel="prev"')], None),
        (URL, [], f"{URL}&page=2"),
        (URL.replace("=2", "=3"), [], None),
        (URL, [("x-wp-totalpages", "-1")], f"{URL}&page=2"),
        (
            "https://e.example/?rest_route=/wp/v2/posts",
            [("x-wp-totalpages", "9")],
            "https://e.example/?rest_route=/wp/v2/posts&page=2",
        ),
    ],
)
def test_the_next_page(url, headers, expected):
    assert read(TEXT, url, headers).next == ((expected,) if expected else ())


def test_an_empty_page_ends_the_listing():
    listing = read("[]", headers=[("x-wp-totalpages", "9")])
    assert (listing.links, listing.next, listing.problem) == ((), (), "")


def test_wordpress_refusals_keep_their_code():
    listing = read('{"code":"rest_post_invalid_page_number","message":"…","data":{"status":400}}')
    assert listing.problem == "the server answered 'rest_post_invalid_page_number'"
    assert read('{"a":1}').problem == "something else instead of a list of posts"
    assert read("<html>").problem


def test_a_cut_answer_gives_its_whole_posts():
    listing = read(TEXT[:-20])
    assert [link.url for link in listing.links] == ["https://news.example/one/"]
    assert listing.problem == "JSON ends early"


def test_odd_json_is_survived():
    odd = [
        {"link": 3},
        {"link": "https://e.example/\ud800"},
        None,
        {"link": "/a", "title": {"rendered": None}},
    ]
    listing = read("<b>Warning</b>: x\n" + json.dumps(odd))
    assert [link.url for link in listing.links] == ["https://news.example/a"]
    assert listing.problem == "2 entries without a web address"
    assert read("[" * 100_000).problem == "JSON nested too deeply"


def test_the_first_page_asks_for_a_hundred_links_and_no_bodies():
    asked = posts_url("https://e.example/?rest_route=/wp/v2/posts&per_page=50")
    assert asked.startswith(
        "https://e.example/?rest_route=/wp/v2/posts&per_page=50&_fields=id,link"
    )
