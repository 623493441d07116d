"""A crawl keeps what its pages need to look right: once, politely, within its bytes."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from archive.warc.reader import read_captures
from tests.crawler.crawls import crawl, declare, frontier, morestories

PICTURE = random.Random(1).randbytes(5_000)  # no shorter in a WARC
BODY = "<p>शिमला, 1 मार्च। राजधानी में सोमवार सुबह भारी बर्फबारी के बाद कई सड़कें बंद हो गईं।</p>" * 5


class Site:
    """A portal of two stories and the host of its pictures, which counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.headers["Host"].partition(":")[0]
                referer = self.headers.get("Referer", "")
                site.asked.append((time.monotonic(), f"{host}{self.path}", referer))
                status, media, body = site.answer(host, self.path)
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                if status == 302:
                    self.send_header("Location", "/real.png")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.home = f"http://127.0.0.1:{self.port}"
        self.cdn = f"http://localhost:{self.port}"

    def answer(self, host: str, path: str) -> tuple[int, str, bytes]:
        if path == "/robots.txt":
            rules = b"User-agent: *\nDisallow: /secret\n" if host == "localhost" else b""
            return 200, "text/plain", rules
        if path in ("/", "/story-1/", "/story-2/"):
            return 200, "text/html; charset=utf-8", self.page(path).encode()
        if path == "/style.css":
            css = f"@import '/more.css'; body {{ background: url({self.cdn}/back.png) }}"
            return 200, "text/css", css.encode()
        if path == "/more.css":
            return 200, "text/css", b"@font-face { src: url(/font.woff2) }"
        if path == "/moved.png":
            return 302, "text/plain", b""
        if path == "/soft.png":
            return 200, "text/html", b'<html><body><a href="/never/">x</a></body></html>'
        if path.endswith((".png", ".woff2")):
            return 200, "image/png", PICTURE + path.encode()
        return 404, "text/html", b"<h1>404</h1>"

    def page(self, path: str) -> str:
        cards = (
            '<a href="/story-1/">बर्फबारी से सड़कें बंद हुईं</a> <a href="/story-2/">पुलिस ने बचाए पर्यटक</a>'
        )
        pictures = (
            f'<img src="{self.cdn}/a.png" srcset="{self.cdn}/a-2.png 2x">'
            f'<img data-src="{self.cdn}{path}own.png"><img src="{self.cdn}/secret.png">'
            '<img src="/moved.png"><img src="/gone.jpg"><img src="/soft.png">'
        )
        return (
            f'<html lang="hi"><head><title>खबर {path}</title><link rel="stylesheet" href="/style.css">'
            f"</head><body><article><h1>खबर {path}</h1>{BODY}{pictures}</article>{cards}</body></html>"
        )

    def count(self) -> Counter[str]:
        return Counter(path for _, path, _ in self.asked)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as one:
        yield one


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join()


KEYS = {"feeds": [], "sitemaps": [], "capture": "page+requisites"} | {
    "private_addresses": ["127.0.0.1", "localhost"]
}


def test_each_is_kept_once_on_whatever_host(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS)
    code, log = crawl(tmp_path)
    assert code == 0, log
    asked = site.count()
    once = [
        "a.png",
        "a-2.png",
        "back.png",
        "own.png",
        "story-1/own.png",
        "story-2/own.png",
        "robots.txt",
    ]
    assert {f"localhost/{path}" for path in once} == {
        path for path in asked if path.startswith("localhost/")
    }
    once = [
        "style.css",
        "more.css",
        "font.woff2",
        "moved.png",
        "real.png",
        "gone.jpg",
        "soft.png",
        "favicon.ico",
    ]
    assert {f"127.0.0.1/{path}" for path in once} < set(asked)
    assert set(asked.values()) == {1}
    assert "127.0.0.1/never/" not in asked
    told = frontier(tmp_path, "SELECT outcome FROM urls WHERE url LIKE '%/secret.png'")
    assert told == [("robots",)]
    kept = {
        capture.url: capture
        for warc in (tmp_path / "warc").glob("*.warc.gz")
        for capture in read_captures(warc)
    }
    picture = kept[f"{site.cdn}/a.png"]
    assert picture.payload == PICTURE + b"/a.png"
    assert picture.about is not None
    assert (picture.about.kind, picture.about.via) == ("requisite", f"{site.home}/")


def test_it_asks_as_a_browser_does(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS)
    crawl(tmp_path)
    told = {path: referer for _, path, referer in site.asked}
    assert told["127.0.0.1/style.css"] == f"{site.home}/"
    assert told["127.0.0.1/more.css"] == f"{site.home}/style.css"
    assert told["localhost/story-1/own.png"] == f"{site.home}/"
    assert told["127.0.0.1/story-1/"] == ""


def test_a_second_crawl_asks_for_none_again(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS)
    crawl(tmp_path)
    site.asked.clear()
    code, log = crawl(tmp_path)
    assert code == 0, log
    assert not [path for path in site.count() if path.endswith((".png", ".css", ".woff2", ".jpg"))]


def test_pages_alone_are_the_default(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS | {"capture": "page"})
    code, log = crawl(tmp_path)
    assert code == 0, log
    assert set(site.count()) == {
        f"127.0.0.1/{path}" for path in ("", "robots.txt", "story-1/", "story-2/")
    }


def test_their_bytes_are_bounded_and_the_rest_waits(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS | {"requisite_bytes": 9_000, "concurrency": 1})
    code, log = crawl(tmp_path)
    assert code == 0, log
    asked = site.count()
    assert {f"127.0.0.1/{path}" for path in ("", "story-1/", "story-2/")} < set(asked)
    pictures = [path for path in asked if path.endswith(".png")]
    assert 0 < len(pictures) < 5
    waiting = frontier(
        tmp_path, "SELECT count(*) FROM urls WHERE outcome = 'requisite_bytes' AND due IS NOT NULL"
    )
    assert waiting[0][0] >= 3


def test_a_page_budget_counts_pages(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS | {"max_pages": 3})
    crawl(tmp_path)
    asked = site.count()
    assert {f"127.0.0.1/{path}" for path in ("", "story-1/", "story-2/")} < set(asked)


def test_the_pace_of_another_host_is_the_portals(tmp_path: Path, site: Site) -> None:
    declare(
        tmp_path, site.home, **KEYS | {"delay": 0.5, "skip": ["story", "own", "127.0.0.1.*png"]}
    )
    crawl(tmp_path)
    moments = [at for at, path, _ in site.asked if path.startswith("localhost/")]
    assert len(moments) >= 3
    assert min(b - a for a, b in pairwise(moments)) > 0.45


def test_no_requisite_is_read_as_a_page(tmp_path: Path, site: Site) -> None:
    declare(tmp_path, site.home, **KEYS)
    done = morestories("crawl", "demo", "--archive", tmp_path)
    assert done.returncode == 0, done.stderr
    sql = "SELECT url FROM readings UNION SELECT from_url FROM links WHERE from_url LIKE '%soft%'"
    told = morestories("sql", sql, "--archive", tmp_path, "--format", "csv").stdout
    assert "/story-1/" in told
    assert "soft.png" not in told


@pytest.mark.parametrize("value", ["everything", ""])
def test_a_wrong_word_is_refused(tmp_path: Path, value: str) -> None:
    declare(tmp_path, "https://a.test/", **KEYS | {"capture": value})
    done = morestories("portal", "check", "demo", "--archive", tmp_path)
    assert done.returncode == 3
    assert "capture" in done.stderr + done.stdout
