"""A portal that changes its theme, loses its feed, then shuts itself: what status finds."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archive.ledger import Ledger
from archive.warc.reader import decoded, read_capture
from tests.crawler.crawls import declare, morestories

pytestmark = pytest.mark.timeout(300)

ITEM = "<item><title>खबर</title><link>{home}khabar/</link></item>"


class Portal(ThreadingHTTPServer):
    """A home page, a feed, robots.txt; each as ``theme``, ``feed`` and ``robots`` say now."""

    daemon_threads = True
    theme, feed, robots, visits = "covernews", True, "", 0

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def answer(self, path: str) -> tuple[int, str, str]:
        self.visits += 1
        if path == "/robots.txt":
            return 200, "text/plain", self.robots
        if path == "/feed/":
            items = ITEM.format(home=self.home)
            feed = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
            return (200, "application/rss+xml", feed) if self.feed else (404, "text/html", "gone")
        style = f"<link rel='stylesheet' href='/wp-content/themes/{self.theme}/style.css'>"
        body = f"<html><head>{style}</head><body><p>{self.visits}</p></body></html>"
        return (200, "text/html", body) if path == "/" else (404, "text/html", "none")


class Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        status, kind, text = self.server.answer(self.path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def unwell(folder: Path) -> dict[str, dict]:
    morestories("crawl", "demo", "--archive", folder)
    ran = morestories("status", "--json", "--floor", "0", "--archive", folder)
    return {one["rule"]: one for one in json.loads(ran.stdout)["findings"]}


def payload(folder: Path, seen: dict) -> str:
    capture = read_capture(folder / "warc" / seen["warc"], seen["offset"])
    assert capture.url == seen["url"]
    return decoded(capture).decode()


def test_what_changed_is_found_with_the_captures_that_show_it(portal, tmp_path):
    declare(tmp_path, portal.home, sitemaps=[])
    assert unwell(tmp_path) == {}
    portal.theme, portal.feed = "newsphere", False
    assert set(unwell(tmp_path)) == {"theme"}  # one 404 of a feed is no death
    found = unwell(tmp_path)
    assert set(found) == {"theme", "feed"}
    after, before = (payload(tmp_path, seen) for seen in found["theme"]["evidence"])
    assert ("newsphere" in after, "covernews" in before) == (True, True)
    assert payload(tmp_path, found["feed"]["evidence"][0]) == "gone"
    portal.robots = "User-agent: *\nDisallow: /\n"
    found = unwell(tmp_path)
    assert "robots" in found
    shut, open_ = (payload(tmp_path, seen) for seen in found["robots"]["evidence"])
    assert ("Disallow" in shut, open_) == (True, "")
    with closing(Ledger(tmp_path)) as ledger:
        last = ledger.runs()[0]
    assert found["robots"]["since"] == last.started.isoformat(timespec="seconds")
