"""One door for all listings; no bytes whatever make it fail."""

import doctest
import gzip
import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.links import feeds, listed, listing, rest, sitemaps
from archive.links.listing import read_listing
from tests.archive.links.test_feeds import ATOM, RDF, RSS
from tests.archive.links.test_rest import TEXT as POSTS
from tests.archive.links.test_sitemaps import INDEX, URLSET

URL = "https://news.example/x"
JSON_FEED = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/a"}]})
SOURCES = {
    "rss": RSS,
    "rdf": RDF,
    "atom": ATOM,
    "sitemap": URLSET,
    "index": INDEX,
    "rest": POSTS,
    "json": JSON_FEED,
}


@pytest.mark.parametrize(("name", "text"), SOURCES.items())
@pytest.mark.parametrize(
    "content_type", ["", "text/html; charset=utf-8", "application/octet-stream"]
)
def test_listings_are_known_by_their_bytes(name, text, content_type):
    for payload in (text.encode(), gzip.compress(text.encode()), b"\n" + text.encode()):
        found = read_listing(payload, url=URL, content_type=content_type)
        assert found is not None
        assert found.kind == {"rdf": "rss"}.get(name, name)
        assert found.links or found.children


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!DOCTYPE html><html><head><link rel=alternate type=application/rss+xml href=/feed/></head>",
        "<!-- c --><html><body><rss><channel/></rss></body></html>",
        "<p>text about <feed> tags",
        '{"name": "manifest", "icons": []}',
        '[{"name": "no link"}]',
        "[1, 2, 3]",
        "\x89PNG\r\n\x1a\n\x00\x00",
        "User-agent: *\nSitemap: https://news.example/sitemap.xml\n",
        "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        "<?xml version='1.0'?><rsd><service/></rsd>",
    ],
)
def test_other_things_are_left_alone(text):
    assert read_listing(text.encode(), url=URL, content_type="text/html") is None


def test_plain_text_lists_only_where_the_server_says_text():
    text = b"https://news.example/a\nhttps://news.example/b\n"
    assert len(read_listing(text, url=URL, content_type="text/plain; charset=utf-8").links) == 2
    assert read_listing(text, url=URL, content_type="text/html") is None
    robots = b"User-agent: *\nSitemap: https://news.example/sitemap.xml\n"
    assert read_listing(robots, url=URL, content_type="text/plain") is None


def test_rest_answers_are_known_by_their_address_too():
    url = "https://news.example/wp-json/wp/v2/posts"
    assert read_listing(b"[]", url=url).kind == "rest"
    assert read_listing(b'{"code":"rest_no_route"}', url=url).problem
    assert read_listing(b'{"code":"rest_no_route"}', url=URL) is None
    plain = "https://news.example/?rest_route=%2Fwp%2Fv2%2Fposts&page=2"
    assert read_listing(b"[]", url=plain).kind == "rest"


def test_the_servers_charset_is_used_where_the_bytes_leave_it_open():
    text = "<rss><channel><item><title>Привет мир</title><link>/a</link></item></channel></rss>"
    found = read_listing(
        text.encode("windows-1251"), url=URL, content_type="text/xml; charset=windows-1251"
    )
    assert found.links[0].text == "Привет мир"


def _mangled(source: bytes, dice: random.Random) -> bytes:
    """Cut, drop, double or flip a stretch of ``source``: what networks and proxies do."""
    at, size = dice.randrange(len(source)), dice.choice([1, 8, 200])
    return dice.choice(
        [
            source[:at],
            source[:at] + source[at + size :],
            source[:at] + source[at : at + size] * 2 + source[at + size :],
            source[:at] + dice.randbytes(size) + source[at + size :],
        ]
    )


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_mangled_listings_never_raise_nor_invent_addresses(name, packed):
    dice = random.Random(name)
    source = SOURCES[name].encode()
    source = gzip.compress(source) if packed else source
    whole = read_listing(source, url=URL)
    known = {link.url for link in (*whole.links, *whole.children)}
    started = time.monotonic()
    for _ in range(300):
        cut = source[: dice.randrange(len(source))]
        found = read_listing(cut, url=URL)
        if found:
            assert {link.url for link in (*found.links, *found.children)} <= known
        read_listing(_mangled(source, dice), url=URL, content_type="text/plain")
    assert time.monotonic() - started < 20


@settings(deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([*SOURCES.values(), "", "{", "[{", "<rss>"]),
    st.booleans(),
)
def test_no_bytes_make_it_raise(junk, source, before):
    payload = junk + source.encode() if before else source.encode()[:200] + junk
    for content_type in ("text/plain", f"text/xml; charset={junk[:6]!r}"):
        found = read_listing(payload, url=URL, content_type=content_type)
        for link in found.links if found else ():
            assert link.url.startswith(("http://", "https://"))
            link.url.encode()


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_addresses_are_absolute_http_without_fragment_or_nothing(base, href):
    url = listed.absolute(f"https://news.example/{base}", href)
    assert url == "" or (url.startswith(("http://", "https://")) and "#" not in url)
    assert listed.absolute(url, url) == url


def test_html_is_passed_over_quickly():
    page = b"<!DOCTYPE html>\n<html lang='hi'>" + "<p>समाचार</p>".encode() * 10_000
    started = time.perf_counter()
    for _ in range(1_000):
        assert read_listing(page, url=URL, content_type="text/html") is None
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("module", [feeds, listed, listing, rest, sitemaps])
def test_examples_in_docstrings_are_true(module):
    assert doctest.testmod(module).failed == 0
