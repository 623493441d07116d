"""A site's address → a portal file, against real servers on loopback."""

import doctest
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import BadSetting
from crawler import probe as probe_module
from crawler.homepage import read_homepage, script_of
from crawler.portal import read_declaration, to_toml
from crawler.probe import Forbidden, NoPortal, Probe, ProbeFailed, Unreachable, probe
from crawler.visit import MAX_BYTES, MAX_REQUESTS, Visitor, fetch
from tests.portal_site import odd
from tests.portal_site.server import PortalSite

NOW = datetime(2026, 11, 24, tzinfo=UTC)
STORY = "मंडी में भारी बारिश से जनजीवन अस्त-व्यस्त, प्रशासन ने जारी किया अलर्ट"
MENU = """<nav class="main-menu"><a href="/">मुख्य पृष्ठ</a><a href="/category/shimla/">शिमला</a>
<a href="/category/mandi/">मंडी</a><a href="/kullu/">कुल्लू</a><a href="/about-us/">हमारे बारे में</a>
<a href="/2026/11/24/a-long-story-of-rain-in-mandi/">ताज़ा</a><a href="https://t.example/">X</a>
<a href="/page/2/">2</a><a href="/category/mandi/">मंडी</a></nav>"""
HEAD = """<!doctype html><html lang="{lang}"><head><title>हिम खबर | समाचार</title>
<link rel="alternate" type="application/rss+xml" title="टिप्पणियाँ" href="/comments/feed/">
<link rel="alternate" type="application/rss+xml" title="हिम खबर" href="/feed/">
<link rel="https://api.w.org/" href="/wp-json/">
<link rel="stylesheet" href="/wp-content/themes/covernews/style.css"></head><body>"""
WORDPRESS_HOME = (
    HEAD + MENU + "".join(f'<p><a href="/story-{n}-a-b-c/">{STORY}</a></p>' for n in range(5))
)
RSS = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>फ़ीड</title><language>hi-IN</language>
<item><title>{STORY}</title><link>/story-1/</link><pubDate>Tue, 24 Nov 2026 11:00:00 +0530</pubDate></item>
</channel></rss>"""
SITEMAP = "<urlset><url><loc>/story-1/</loc></url></urlset>"
INDEX = {"name": "हिम &amp; खबर", "timezone_string": "Asia/Kolkata", "namespaces": ["wp/v2"]}
POSTS = [
    {"id": 1, "link": "/story-1/", "date_gmt": "2026-11-24T05:30:00", "title": {"rendered": "एक"}}
]

Page = tuple[int, str, str]  # status, content type or Location, body


class Site:
    """A server of a few pages, by path or by the beginning of path and query."""

    def __init__(self, pages: dict[str, Page | str | Callable[[socket.socket], None]]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                page = site.page(self.path)
                if callable(page):
                    page(self.connection)
                    self.close_connection = True
                    return
                status, kind, body = (200, "text/html", page) if isinstance(page, str) else page
                self.send_response(status)
                self.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
                if "/posts" in self.path:
                    self.send_header("X-WP-Total", "4210")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def page(self, target: str):
        """Return the page of the longest key with a query that begins ``target``, or of its path."""
        keys = [key for key in self.pages if "?" in key and target.startswith(key)]
        key = max(keys, key=len, default=target.partition("?")[0])
        return self.pages.get(key, (404, "text/html", "nothing"))

    def __enter__(self) -> "Site":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def wordpress(**changes: object) -> dict:
    pages = {
        "/": WORDPRESS_HOME.format(lang="hi"),
        "/feed/": (200, "application/rss+xml", RSS),
        "/robots.txt": (200, "text/plain", "User-agent: *\nDisallow: /wp-admin/\n"),
        "/wp-sitemap.xml": (200, "text/xml", SITEMAP),
        "/wp-json/": (200, "application/json", json.dumps(INDEX)),
        "/wp-json/wp/v2/posts": (200, "application/json", json.dumps(POSTS)),
    }
    pages.update({"/" + key: page for key, page in changes.items()})
    return {path: page for path, page in pages.items() if page is not None}


def look(pages: dict, path: str = "", **options: object) -> tuple[Probe, Site]:
    with Site(pages) as site:
        return probe(site.url + path, now=NOW, delay=0, **options), site


def test_a_wordpress_portal_is_declared_with_reasons():
    found, site = look(wordpress())
    portal = found.declaration
    assert portal.name == "हिम & खबर"
    assert (portal.language, portal.timezone, portal.theme) == ("hi", "Asia/Kolkata", "covernews")
    assert portal.feeds == (site.url + "feed/",)
    assert portal.sitemaps == (site.url + "wp-sitemap.xml",)
    assert portal.rest == site.url + "wp-json/wp/v2/posts"
    names = ("category/shimla/", "category/mandi/", "kullu/")
    assert portal.sections == tuple(site.url + name for name in names)
    assert portal.private_addresses == ("127.0.0.1",)
    assert found.notes["rest"] == "WordPress lists its 4,210 posts here."
    assert found.notes["timezone"] == "WordPress says so."
    assert site.asked[:2] == ["/robots.txt", "/"]
    assert len(site.asked) == found.requests <= MAX_REQUESTS


def test_what_is_written_is_what_was_found(tmp_path):
    found, _ = look(wordpress())
    path = tmp_path / "x.toml"
    path.write_text(to_toml(found.declaration, found.notes), encoding="utf-8")
    assert read_declaration(path) == found.declaration
    text = path.read_text("utf-8")
    assert text.startswith("# Written by `morestories portal add http://127.0.0.1:")
    assert 'feeds = ["/feed/"]' in text
    assert "max_bytes" not in text


def test_wordpress_without_pretty_addresses():
    home = WORDPRESS_HOME.format(lang="hi")
    home = home.replace('"/feed/"', '"/?feed=rss2"').replace(
        '"/wp-json/"', '"/index.php?rest_route=/"'
    )
    pages = {
        "/": home,
        "/?feed=rss2": (200, "text/xml", RSS),
        "/index.php?rest_route=/&": (200, "application/json", json.dumps(INDEX)),
        "/index.php?rest_route=/wp/v2/posts": (200, "application/json", json.dumps(POSTS)),
    }
    found, site = look(pages)
    assert found.declaration.feeds == (site.url + "?feed=rss2",)
    assert found.declaration.rest == site.url + "index.php?rest_route=/wp/v2/posts"
    assert found.declaration.timezone == "Asia/Kolkata"
    assert to_toml(found.declaration).count("127.0.0.1") == 2  # home, and the private address


def test_the_demo_portal_takes_few_requests():
    with PortalSite(30, rest=True) as site:
        found = probe(site.url, now=NOW, delay=0)
        assert found.declaration.feeds
        assert found.declaration.sitemaps
        assert found.declaration.sections
        assert found.declaration.rest == site.url + "wp-json/wp/v2/posts"
        assert found.declaration.timezone == "Asia/Kolkata"
        assert len(site.asked) <= 6
        assert {asked.agent for asked in site.asked} == {found.declaration.user_agent}


def test_unannounced_feeds_and_sitemaps_are_found_at_the_usual_places():
    pages = {
        "/": f"<html><body><p>{STORY}</p></body></html>",
        "/rss.xml": (200, "text/xml", RSS),
        "/sitemap_index.xml": (
            200,
            "text/xml",
            "<sitemapindex><sitemap><loc>/a</loc></sitemap></sitemapindex>",
        ),
    }
    found, site = look(pages)
    assert found.declaration.feeds == (site.url + "rss.xml",)
    assert found.declaration.sitemaps == (site.url + "sitemap_index.xml",)
    assert found.declaration.rest == ""
    assert "usual place" in found.notes["feeds"]
    assert len(site.asked) <= MAX_REQUESTS


def test_robots_names_the_sitemaps_and_its_rules_hold_for_every_request():
    robots = "User-agent: morestories\nDisallow: /feed/\nSitemap: http://x.example/news.xml\nSitemap: nonsense\n"
    found, site = look(wordpress(**{"robots.txt": (200, "text/plain", robots)}))
    assert found.declaration.sitemaps == ("http://x.example/news.xml",)
    assert "/feed/" not in site.asked
    assert found.declaration.feeds == ()


def test_a_file_names_few_of_many_sitemaps():
    robots = "".join(f"Sitemap: https://a.example/{n}.xml\n" for n in range(40))
    found, _ = look(wordpress(**{"robots.txt": (200, "text/plain", robots)}))
    assert found.declaration.sitemaps == tuple(f"https://a.example/{n}.xml" for n in range(5))
    assert "the first 5 of 40" in found.notes["sitemaps"]


@pytest.mark.parametrize(
    ("robots", "said"),
    [
        ((200, "text/plain", "User-agent: *\nDisallow: /\n"), "forbids it"),
        ((503, "text/plain", ""), "answered 503"),
    ],
)
def test_where_robots_forbids_nothing_else_is_asked(robots, said):
    with Site(wordpress(**{"robots.txt": robots})) as site:
        with pytest.raises(Forbidden, match=said):
            probe(site.url, now=NOW, delay=0)
        assert site.asked == ["/robots.txt"]


@pytest.mark.parametrize("robots", [None, (403, "text/html", "no"), (302, "/elsewhere.txt", "")])
def test_a_missing_robots_forbids_nothing(robots):
    found, _ = look(wordpress(**{"robots.txt": robots}))
    assert found.declaration.feeds


def test_a_site_without_stories_is_no_portal():
    home = "<html><title>Acme</title><body><a href='/products/'>Products</a> We sell.</body></html>"
    empty = "<rss><channel><title>Nothing yet</title></channel></rss>"
    with Site({"/": home, "/feed/": (200, "text/xml", empty), "/sitemap.xml": SITEMAP}) as site:
        with pytest.raises(NoPortal) as caught:
            probe(site.url, now=NOW, delay=0)
        assert len(site.asked) <= MAX_REQUESTS
    for word in ("feeds announced", "sitemap_index.xml", "WordPress REST", "there are 0"):
        assert word in str(caught.value)


def test_links_to_stories_are_enough():
    links = "".join(f"<a href='/news/{n}/a-b-c-d.html'>{STORY} {n}</a>" for n in range(9))
    found, _ = look({"/": f"<html lang=mr><title>लोक - बातम्या</title><body>{links}</body></html>"})
    assert found.declaration.name == "लोक"
    assert found.declaration.language == "mr"
    assert found.declaration.feeds == ()


@pytest.mark.parametrize(
    ("status", "error"), [(404, NoPortal), (410, NoPortal), (403, Unreachable), (500, Unreachable)]
)
def test_a_home_page_that_is_none(status, error):
    with pytest.raises(error, match=f"answered {status}"):
        look({"/": (status, "text/html", "")})


def test_a_story_leads_to_its_site():
    article = "<html><head><meta property='og:type' content='article'></head><body>x</body></html>"
    found, site = look(wordpress(**{"2026/story/": article}), "2026/story/")
    assert found.declaration.home == site.url


def test_a_portal_may_live_in_a_folder():
    pages = {"/hindi/": WORDPRESS_HOME.format(lang="hi"), "/feed/": (200, "text/xml", RSS)}
    found, site = look(pages, "hindi/")
    assert found.declaration.home == site.url + "hindi/"


@pytest.mark.parametrize(
    ("lang", "feed_language", "expected", "note"),
    [
        ("hi-IN", "en-US", "hi-IN", "From the page's lang."),
        ("en-US", "hi", "hi", "From the feed."),
        ("en-US", "en-US", "hi", 'though it says "en-US"'),
        ("ne-NP", "hi", "ne-NP", "From the page's lang."),
        ("hi_IN", "", "hi-IN", "From the page's lang."),
        ("", "", "hi", "By the letters"),
        ("<>", "", "hi", "By the letters"),
    ],
)
def test_letters_outweigh_what_a_page_says_of_its_language(lang, feed_language, expected, note):
    feed = RSS.replace("hi-IN", feed_language)
    home = WORDPRESS_HOME.format(lang=lang)
    found, _ = look(wordpress(**{"feed/": (200, "text/xml", feed), "": home}))
    assert found.declaration.language == expected
    assert note in found.notes["language"]


@pytest.mark.parametrize(
    ("index", "feed_offset", "expected", "note"),
    [
        ({"timezone_string": "", "gmt_offset": 5.5}, "+0000", "Asia/Kolkata", "+5.5 h"),
        ({"timezone_string": "", "gmt_offset": "5.75"}, "+0530", "Asia/Kathmandu", "+5.75 h"),
        ({"timezone_string": "Europe/Berlin"}, "+0530", "Europe/Berlin", "WordPress says so"),
        ({"timezone_string": "", "gmt_offset": 0}, "+0530", "Asia/Kolkata", "+5.5 h"),
        ({"timezone_string": "", "gmt_offset": -5}, "+0000", "", "which many zones share"),
        ({}, "+0000", "", 'Fill it in, such as "Asia/Kolkata"'),
        ({"timezone_string": 7, "gmt_offset": "x"}, "+0000", "", "Not found"),
        ({"gmt_offset": float("inf")}, "+0000", "", "Not found"),
    ],
)
def test_the_time_zone_is_found_or_asked_for_never_guessed(index, feed_offset, expected, note):
    index = json.dumps({"namespaces": ["wp/v2"], **index})
    feed = RSS.replace("+0530", feed_offset)
    changes = {"wp-json/": (200, "application/json", index), "feed/": (200, "text/xml", feed)}
    found, _ = look(wordpress(**changes))
    assert found.declaration.timezone == expected
    assert note in found.notes["timezone"]


def test_given_values_win():
    found, _ = look(wordpress(), id="mine", timezone="Asia/Kathmandu", contact="a@b.example")
    portal = found.declaration
    assert (portal.id, portal.timezone, portal.contact) == ("mine", "Asia/Kathmandu", "a@b.example")
    for bad in ({"id": "Not One"}, {"timezone": "IST"}, {"contact": "me"}):
        with pytest.raises(BadSetting, match=next(iter(bad))):
            look(wordpress(), **bad)


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "https://", "http://[::1", "https://u:p@a.example/"]
)
def test_a_bad_address_is_a_bad_setting(url):
    with pytest.raises(BadSetting, match=r"web address|password"):
        probe(url, now=NOW)


def test_an_unknown_host_and_a_closed_port_are_unreachable():
    with pytest.raises(Unreachable, match=r"not known \(DNS\).*or try http://no-such-host"):
        probe("no-such-host.invalid", now=NOW, delay=0)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(Unreachable, match="refused"):
            probe(url, now=NOW, delay=0)


def test_plain_http_on_a_tls_address_is_told_as_such():
    with Site(wordpress()) as site, pytest.raises(Unreachable, match=r"TLS.*or try http://127"):
        probe(site.url.replace("http:", "https:"), now=NOW, delay=0)


def test_no_other_private_address_is_ever_asked():
    with Site(wordpress()) as inside, Site({}) as outside:
        elsewhere = inside.url.replace("127.0.0.1", "127.0.0.2")
        outside.pages.update({"/": (302, elsewhere, "")})
        with pytest.raises(Unreachable, match=r"127\.0\.0\.2 is the private address") as caught:
            probe(outside.url, now=NOW, delay=0)
        assert inside.asked == []
        assert f"morestories portal add {elsewhere}" in str(caught.value)
        for url in (
            "http://127.1/",
            "http://2130706433/",
            "http://[::ffff:127.0.0.1]/",
            "http://10.0.0.1/",
        ):
            answer = fetch(url, agent="x")
            assert answer.failure == "private"


def test_redirects_end():
    pages = wordpress(**{"": (302, "/again", ""), "again": (301, "/", "")})
    with pytest.raises(Unreachable, match="redirects in a circle"):
        look(pages)
    with pytest.raises(Unreachable, match="leads to 'file:///etc/passwd', which is no web address"):
        look(wordpress(**{"": (302, "file:///etc/passwd", "")}))


def _drip(connection: socket.socket) -> None:
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            connection.sendall(b"X: y\r\n")
            time.sleep(0.05)
    except OSError:
        pass


def _silence(connection: socket.socket) -> None:
    time.sleep(1.5)


def _endless(connection: socket.socket) -> None:
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(2_000):
            connection.sendall(b"x" * 65_536)
    except OSError:
        pass


@pytest.mark.parametrize("act", [_drip, _silence])
def test_a_slow_server_is_given_up_in_time(act):
    visitor = Visitor("x", 0, frozenset({"127.0.0.1"}), timeout=0.5)
    with Site({"/robots.txt": act}) as site:
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"no answer within 0\.5 s"):
            probe(site.url, now=NOW, visitor=visitor)
        assert time.monotonic() - started < 1.5


def test_an_endless_body_is_cut():
    with Site({"/": _endless}) as site:
        answer = fetch(site.url, agent="x", private=frozenset({"127.0.0.1"}))
    assert answer.status == 200
    assert len(answer.body) == MAX_BYTES


@pytest.mark.parametrize("act", sorted(set(odd.ACTS) - {"hang", "drip", "slow"}))
def test_odd_servers_end_in_a_named_outcome(act):
    with PortalSite(5) as site:
        site.misbehave("/", act)
        visitor = Visitor("x", 0, frozenset({"127.0.0.1"}), timeout=3)
        started = time.monotonic()
        try:
            found = probe(site.url, now=NOW, visitor=visitor)
        except ProbeFailed as error:
            said = str(error)
        else:
            said = found.declaration.home
        assert said.startswith(site.url)
        assert time.monotonic() - started < 30


def test_requests_are_spaced_by_delay_and_crawl_delay():
    pauses: list[float] = []
    robots = "User-agent: *\nCrawl-delay: 3\n"
    with Site(wordpress(**{"robots.txt": (200, "text/plain", robots)})) as site:
        visitor = Visitor("x", 1.0, frozenset({"127.0.0.1"}), sleep=pauses.append)
        probe(site.url, now=NOW, visitor=visitor)
    assert pauses == [3.0] * (visitor.requests - 1)


def test_a_visit_has_a_limit():
    with Site(wordpress()) as site:
        visitor = Visitor("x", 0, frozenset({"127.0.0.1"}))
        answers = [visitor.get(f"{site.url}{n}") for n in range(MAX_REQUESTS + 3)]
        assert [answer.failure for answer in answers[-4:]] == ["limit"] * 4
        assert len(site.asked) == MAX_REQUESTS


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_page_makes_the_reading_fail(junk):
    for body in (junk, b"<html lang='" + junk + b"'><nav><a href='" + junk + b"'>" + junk):
        read_homepage(body, url="https://a.example/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STORY * 2, "hi"),
        ("hello " * 60, "en"),
        (STORY + " menu" * 400, "en"),
        ("ਪੰਜਾਬ ਦੀਆਂ ਖ਼ਬਰਾਂ " * 9, "pa"),
        ("12 ok", ""),
    ],
)
def test_scripts(text, expected):
    assert script_of(text) == expected


def test_examples_in_docstrings_are_true():
    assert doctest.testmod(probe_module).failed == 0
