"""Answers after which a story could be lost, or a run never end."""

from __future__ import annotations

import socket
import sqlite3
import time
from contextlib import closing

import pytest

from archive.cli.common import Exit
from tests.crawler.crawls import crawl, declare, frontier
from tests.crawler.test_crawl import _Small as Small

HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "application/xml"}


def page(*paths: str) -> tuple[int, dict[str, str], bytes]:
    links = "".join(f'<p><a href="{path}">a story of {path}</a></p>' for path in paths)
    return 200, HTML, f"<html><body><main>{links}</main></body></html>".encode()


def index(*urls: str) -> tuple[int, dict[str, str], bytes]:
    maps = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return 200, XML, f'<sitemapindex xmlns="{space}">{maps}</sitemapindex>'.encode()


def asked(server: Small) -> list[str]:
    return [path for _, path in server.asked]


def bare(archive, server, **keys) -> None:
    declare(archive, server.url, **({"feeds": [], "sitemaps": []} | keys))


def test_a_location_in_raw_utf8_is_followed(tmp_path):
    raw = "/2026/खबर/".encode().decode("latin-1")
    answers = {
        "/": page("/old/"),
        "/old/": (301, {"Location": raw}, b""),
        "/2026/%E0%A4%96%E0%A4%AC%E0%A4%B0/": page(),
    }
    with Small(answers) as server:
        bare(tmp_path, server)
        crawl(tmp_path)
    assert set(answers) <= set(asked(server))


def test_a_location_is_not_resolved_against_the_base_of_the_body(tmp_path):
    body = b'<html><head><base href="/elsewhere/"></head></html>'
    moved = (301, HTML | {"Location": "new/"}, body)
    with Small({"/": page("/a/old/"), "/a/old/": moved, "/a/old/new/": page()}) as server:
        bare(tmp_path, server)
        crawl(tmp_path)
    assert "/a/old/new/" in asked(server)


def test_a_redirect_that_changes_only_the_spelling_is_followed(tmp_path):
    answers = {
        "/": page("/s?b=1&a=2", "/loop?b=1&a=2"),
        "/s?b=1&a=2": (301, {"Location": "/s?a=2&b=1"}, b""),
        "/s?a=2&b=1": page("/found/"),
        "/found/": page(),
        "/loop?b=1&a=2": (302, {"Location": "/loop?a=2&b=1"}, b""),
        "/loop?a=2&b=1": (302, {"Location": "/loop?b=1&a=2"}, b""),
    }
    with Small(answers) as server:
        bare(tmp_path, server)
        crawl(tmp_path)
    assert "/found/" in asked(server)
    assert sum(path.startswith("/loop") for path in asked(server)) <= 12
    assert frontier(tmp_path, "select 1 from urls where state in ('queued', 'claimed')") == []


def test_a_redirect_leads_no_further_from_the_seed_and_no_nearer(tmp_path):
    answers = {"/": page("/1/")}
    for n in range(1, 6):
        answers[f"/{n}/"] = (302, {"Location": f"/{n}/there/"}, b"")
        answers[f"/{n}/there/"] = page(f"/{n + 1}/")
    with Small(answers) as server:
        bare(tmp_path, server, max_depth=2)
        crawl(tmp_path)
    assert "/2/there/" in asked(server)
    assert "/3/" not in asked(server)
    ((outcome,),) = frontier(tmp_path, "select outcome from urls where url like '%/3/'")
    assert outcome == "max_depth"


def test_a_chain_of_redirects_without_end_ends(tmp_path):
    chain = {f"/r{n}": (302, {"Location": f"/r{n + 1}"}, b"") for n in range(60)}
    with Small({"/": page("/r0")} | chain) as server:
        bare(tmp_path, server)
        crawl(tmp_path)
    assert len(server.asked) < 20


def test_sitemaps_that_list_each_other_are_each_read_once(tmp_path):
    with Small({"/": page()}) as server:
        server.answers["/sitemap-a.xml"] = index(server.url + "sitemap-b.xml")
        server.answers["/sitemap-b.xml"] = index(server.url + "sitemap-a.xml")
        # At a pace at which each is done before the other names it again.
        bare(tmp_path, server, sitemaps=["/sitemap-a.xml"], delay=1.2)
        crawl(tmp_path, "demo", "--max-pages", "6")
    assert sorted(asked(server)) == ["/", "/robots.txt", "/sitemap-a.xml", "/sitemap-b.xml"]


def test_a_feed_a_section_and_a_sitemap_of_any_name_are_read_in_every_run(tmp_path):
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    with Small({"/": page(), "/shimla/": page("/1/"), "/1/": page()}) as server:
        server.answers["/rss.xml"] = (200, XML, b"<rss><channel><title>x</title></channel></rss>")
        server.answers["/index.xml"] = index(server.url + "2026-11.xml")
        server.answers["/2026-11.xml"] = (200, XML, f'<urlset xmlns="{space}"/>'.encode())
        named = {"feeds": ["/rss.xml"], "sections": ["/shimla/"], "sitemaps": ["/index.xml"]}
        bare(tmp_path, server, **named)
        crawl(tmp_path)
        before = len(server.asked)
        crawl(tmp_path)
    again = ["/", "/2026-11.xml", "/index.xml", "/robots.txt", "/rss.xml", "/shimla/"]
    assert sorted(asked(server)[before:]) == again
    rows = frontier(tmp_path, "select url, due - fetched from urls where listing")
    # What another listing names is read with it, the others within the hour.
    assert [url.removeprefix(server.url) for url, wait in rows if wait is None] == ["2026-11.xml"]
    assert all(wait <= 3600 for _, wait in rows if wait is not None)


def test_a_host_that_is_always_busy_is_left_to_a_later_run(tmp_path):
    busy = (503, {"Retry-After": "1"}, b"")
    with Small(dict.fromkeys([f"/{n}/" for n in range(30)], busy)) as server:
        server.answers["/"] = page(*server.answers)
        bare(tmp_path, server)
        code, log = crawl(tmp_path)
        assert code == Exit.OK, log  # the home page was kept
        assert len(server.asked) < 120  # five back-offs of what was in flight, not for ever
        rows = frontier(tmp_path, "select distinct state, outcome from urls where url like '%_/'")
        assert sorted(rows) == [("done", "200"), ("failed", "503")], log
        server.answers["/"] = busy
        code, log = crawl(tmp_path)
    assert code == Exit.UNREACHABLE, log


def test_an_origin_that_went_silent_is_left_to_a_later_run(tmp_path):
    class Gone(Exception):
        pass

    def silent():
        raise Gone

    stories = [f"/{n}/" for n in range(150)]
    with Small({"/": page(*stories)} | dict.fromkeys(stories, silent)) as server:
        server.handle_error = lambda *_: None
        bare(tmp_path, server)
        began = time.monotonic()
        code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    assert time.monotonic() - began < 60  # a few on a quiet machine
    assert len(server.asked) < 100
    rows = frontier(tmp_path, "select distinct state, outcome from urls where url like '%/_%/'")
    assert set(rows) == {("done", "200"), ("failed", "disconnect")}


def test_robots_txt_that_fails_later_leaves_what_is_queued_and_ends(tmp_path):
    stories = [f"/{n}/" for n in range(150)]
    with Small({"/": page(*stories)} | dict.fromkeys(stories, page())) as server:
        bare(tmp_path, server, delay=0.1)
        crawl(tmp_path, "demo", "--max-pages", "3")
        before = len(server.asked)
        server.answers["/robots.txt"] = (500, {}, b"")
        began = time.monotonic()
        code, log = crawl(tmp_path)
    assert code == Exit.UNREACHABLE, log
    assert asked(server)[before:] == ["/robots.txt"]
    assert time.monotonic() - began < 30  # two on a quiet machine
    rows = frontier(tmp_path, "select distinct outcome from urls where state = 'failed'")
    assert rows == [("robots_unreachable",)]


def test_robots_txt_that_moved_to_where_nobody_answers_means_not_now(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{unused.getsockname()[1]}/robots.txt"
        with Small({"/robots.txt": (301, {"Location": away}, b""), "/": page()}) as server:
            bare(tmp_path, server)
            code, log = crawl(tmp_path)
    assert code == Exit.UNREACHABLE, log
    assert asked(server) == ["/robots.txt"]


def test_what_was_forbidden_is_fetched_when_the_archivist_or_robots_txt_allows_it(tmp_path):
    rules = {"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /")}
    with Small(rules | {"/": page("/a/", "/b/"), "/a/": page(), "/b/": page()}) as server:
        bare(tmp_path, server, private_addresses=[])
        assert crawl(tmp_path)[0] != Exit.OK
        bare(tmp_path, server, skip=["/b/$"])
        assert crawl(tmp_path)[0] == Exit.ROBOTS
        server.answers["/robots.txt"] = (404, {}, b"")
        assert crawl(tmp_path)[0] == Exit.OK
        assert "/b/" not in asked(server)
        bare(tmp_path, server)
        assert crawl(tmp_path)[0] == Exit.OK
    assert {"/a/", "/b/"} <= set(asked(server))


def test_a_new_rule_takes_back_what_an_earlier_run_queued(tmp_path):
    with Small({"/": page("/a/", "/b/"), "/a/": page(), "/b/": page()}) as server:
        bare(tmp_path, server)
        crawl(tmp_path, "demo", "--max-pages", "1")
        bare(tmp_path, server, skip=["/b/$"])
        crawl(tmp_path)
    assert "/a/" in asked(server)
    assert "/b/" not in asked(server)
    rows = frontier(tmp_path, "select state, outcome from urls where url like '%/b/'")
    assert rows == [("skipped", "skip_rule")]


def test_a_story_that_is_gone_is_asked_for_once_more_and_then_believed(tmp_path):
    with Small({"/": page("/story/"), "/story/": page()}) as server:
        bare(tmp_path, server)
        crawl(tmp_path)
        del server.answers["/story/"]
        for _ in range(4):
            with closing(sqlite3.connect(tmp_path / "frontier.sqlite")) as database, database:
                database.execute("update urls set due = 1 where state = 'done' and due > 1")
            crawl(tmp_path)
    assert asked(server).count("/story/") == 3


@pytest.mark.parametrize(
    ("home", "code"),
    [
        ((404, {}, b""), Exit.NOTHING),
        ((302, {"Location": "http://elsewhere.example/"}, b""), Exit.NOTHING),
        ((304, {}, b""), Exit.OK),
    ],
)
def test_a_run_that_kept_no_page_says_so(tmp_path, home, code):
    with Small({"/": home}) as server:
        bare(tmp_path, server)
        assert crawl(tmp_path)[0] == code
