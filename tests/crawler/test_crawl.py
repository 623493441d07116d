"""A crawl from its start to its end, in every way in which it can end."""

from __future__ import annotations

import functools
import itertools
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive import fixity
from archive.cli.common import Exit
from archive.warc.lock import alone
from crawler.frontier.values import CRASHES
from tests.crawler.crawls import crawl, declare, frontier, kept, start
from tests.portal_site.server import PortalSite


@pytest.fixture
def site():
    with PortalSite(articles=90) as site:
        yield site


def paths(site: PortalSite) -> set[str]:
    return {urlsplit(story.url).path for story in site.articles}


def test_every_story_is_kept_once_and_every_url_has_its_reason(site, tmp_path):
    declare(tmp_path, site)
    code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    counts = kept(tmp_path)
    assert {path: counts[path] for path in paths(site)} == dict.fromkeys(paths(site), 1)
    states = dict(frontier(tmp_path, "select state, count(*) from urls group by 1"))
    assert set(states) <= {"done", "failed", "skipped"}
    assert frontier(tmp_path, "select url from urls where state = 'skipped' and outcome = ''") == []
    assert not list((tmp_path / "warc").glob("*.open"))
    asked = [path for path in site.requests if "replytocom" in path or "/author/" in path]
    assert asked == []
    assert len(site.requests) <= 1.5 * len(site.articles) + 20


def kill_five_times(site: PortalSite, archive: Path, *options: str) -> int:
    """Kill five runs of a crawl at random moments; return how many were still at work.

    Some die before their first request, the others after up to 17 of them.
    """
    seed = random.randrange(2**32)
    print(f"the moments come from seed {seed}")
    moments = random.Random(seed)
    killed = 0
    for _ in range(5):
        enough = len(site.requests) + moments.randrange(18)
        process = start(archive, "demo", *options)
        while len(site.requests) < enough and process.poll() is None:
            time.sleep(0.005)
        time.sleep(moments.random() * 0.2)
        killed += process.poll() is None
        process.kill()
        process.communicate()
    return killed


def assert_nothing_lost(site: PortalSite, archive: Path, killed: int) -> None:
    """Hold an archive to what may be fetched again: eight at a time are in flight."""
    assert killed >= 3, "the crawl ended before it was killed: nothing was tried"
    counts = kept(archive)
    assert paths(site) <= set(counts)
    twice = sum(counts[path] > 1 for path in paths(site))
    assert twice <= 8 * killed, "more was fetched again than was in flight"


@pytest.mark.timeout(300)
def test_five_kills_lose_no_story(site, tmp_path):
    declare(tmp_path, site, delay=0.02)
    killed = kill_five_times(site, tmp_path)
    code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    assert_nothing_lost(site, tmp_path, killed)
    assert frontier(tmp_path, "select url from urls where state in ('queued', 'claimed')") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_crawl_in_order_and_the_next_run_goes_on(site, tmp_path, number):
    declare(tmp_path, site, delay=0.02)
    process = start(tmp_path)
    wait_for(lambda: len(site.requests) > 20, 60)
    process.send_signal(number)
    began = time.monotonic()
    log, _ = process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED, log
    assert time.monotonic() - began < 20  # two on a quiet machine
    assert not list((tmp_path / "warc").glob("*.open"))
    assert frontier(tmp_path, "select 1 from urls where state = 'claimed'") == []
    assert crawl(tmp_path)[0] == Exit.OK
    assert paths(site) <= set(kept(tmp_path))


def test_a_second_crawl_reads_the_listings_and_what_is_new(site, tmp_path):
    declare(tmp_path, site)
    crawl(tmp_path)
    first = len(site.requests)
    first_bytes = sum(asked.body_bytes for asked in site.asked)
    story = site.add()
    assert crawl(tmp_path)[0] == Exit.OK
    again = site.requests[first:]
    assert urlsplit(story.url).path in again
    assert sum(path in paths(site) for path in (t.partition("?")[0] for t in again)) <= 3
    assert sum(asked.body_bytes for asked in site.asked[first:]) < first_bytes / 3


def test_max_pages_stops_in_order(site, tmp_path):
    declare(tmp_path, site)
    code, log = crawl(tmp_path, "demo", "--max-pages", "12")
    assert code == Exit.BUDGET, log
    assert len([path for path in site.requests if path != "/robots.txt"]) == 12
    assert frontier(tmp_path, "select 1 from urls where state = 'claimed'") == []


def test_max_minutes_stops_in_order(site, tmp_path):
    declare(tmp_path, site, delay=0.2)
    code, log = crawl(tmp_path, "demo", "--max-minutes", "0.03")
    assert code == Exit.BUDGET, log
    assert 0 < len(site.requests) < 60


def test_the_delay_between_two_requests_is_kept(site, tmp_path):
    declare(tmp_path, site, delay=0.4)
    crawl(tmp_path, "demo", "--max-pages", "8")
    at = [asked.at for asked in site.asked]
    # A busy machine may bring two closer on arrival than they were when they left.
    assert all(later - sooner > 0.2 for sooner, later in itertools.pairwise(at)), at
    assert at[-1] - at[0] > 0.4 * (len(at) - 2)


def test_two_workers_share_one_clock(site, tmp_path):
    declare(tmp_path, site, delay=0.4)
    both = [start(tmp_path, "demo", "--max-pages", "8") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    at = sorted(asked.at for asked in site.asked)
    assert len(at) == 18  # each worker reads robots.txt for itself
    # A busy machine may bring two closer on arrival than they were when they left.
    assert all(later - sooner > 0.2 for sooner, later in itertools.pairwise(at)), at
    assert at[-1] - at[0] > 0.4 * (len(at) - 2)


def test_an_unreachable_host(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        declare(tmp_path, f"http://127.0.0.1:{unused.getsockname()[1]}/")
        code, log = crawl(tmp_path)
    assert code == Exit.UNREACHABLE, log


def test_a_private_address_is_refused_unless_named(site, tmp_path):
    declare(tmp_path, site, private_addresses=[])
    code, log = crawl(tmp_path)
    assert code != Exit.OK
    assert site.requests == []
    rows = frontier(tmp_path, "select distinct outcome from urls where kind = 'seed'")
    assert rows == [("private_address",)], log


class _Small(ThreadingHTTPServer):
    """A server whose answers a test gives: path -> (status, headers, body)."""

    daemon_threads = True

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.judges = {}  # path -> what makes an answer of the request's headers
        self.asked: list[tuple[float, str]] = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: _Small

    def do_GET(self):
        self.server.asked.append((time.time(), self.path))
        answer = self.server.answers.get(self.path, (404, {}, b"no"))
        if callable(answer):
            answer = answer()
        if judge := self.server.judges.get(self.path):
            answer = judge(self.headers)
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_robots_txt_that_forbids_everything(tmp_path):
    with _Small({"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /\n")}) as server:
        declare(tmp_path, server.url)
        code, log = crawl(tmp_path)
    assert code == Exit.ROBOTS, log
    assert {path for _, path in server.asked} == {"/robots.txt"}


def test_robots_txt_that_fails_means_not_now(tmp_path):
    with _Small({"/robots.txt": (503, {}, b"")}) as server:
        declare(tmp_path, server.url)
        code, log = crawl(tmp_path)
    assert code == Exit.UNREACHABLE, log
    assert {path for _, path in server.asked} == {"/robots.txt"}


def test_retry_after_holds_the_whole_host(tmp_path):
    busy = iter([(429, {"Retry-After": "2"}, b"slow down")])
    page = b"<html><body><p>" + b"x " * 50 + b"</p></body></html>"
    others = [f"/{n}" for n in range(6)]
    answers = dict.fromkeys(others, (200, {"Content-Type": "text/html"}, page))
    answers["/"] = lambda: next(busy, (200, {"Content-Type": "text/html"}, page))
    with _Small(answers) as server:
        declare(tmp_path, server.url, feeds=others, sitemaps=[], delay=0, concurrency=1)
        code, log = crawl(tmp_path)
        times = [at for at, path in server.asked if path != "/robots.txt"]
    assert code == Exit.OK, log
    assert sum(at - times[0] < 1.8 for at in times) <= 2, "asked on after 429"
    assert len(times) == 8


def test_a_redirect_loop_ends(tmp_path):
    turns = {f"/{n}": (302, {"Location": f"/{(n + 1) % 4}"}, b"") for n in range(4)} | {
        "/": (302, {"Location": "/0"}, b"")
    }
    with _Small(turns) as server:
        declare(tmp_path, server.url, feeds=[], sitemaps=[])
        crawl(tmp_path)
    assert len(server.asked) < 12


def wait_for(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_the_crawl_goes_on_while_sealed_files_are_listed(tmp_path):
    """Somebody holds the archive's index: no file can be listed, and fetching must not wait."""
    script = (
        "import sys; import crawler.settings as settings;"
        "settings.MORESTORIES_WARC_BYTES = 100_000; from crawler.run import main;"
        "sys.exit(main())"
    )
    with PortalSite(articles=60) as site:
        declare(tmp_path, site, delay=0.01)
        command = [sys.executable, "-c", script, "demo", "--archive", str(tmp_path)]
        with alone(tmp_path):
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            wait_for(lambda: paths(site) <= set(site.requests), 60)
            wait_for(lambda: _states(tmp_path) <= {"done", "failed", "skipped"}, 60)
            time.sleep(1)
            assert process.poll() is None, "it ended before its files were listed"
            sealed = {path.name for path in (tmp_path / "warc").glob("*.warc.gz")}
            assert len(sealed) > 3
            assert not (tmp_path / "index.cdxj").exists()
        log, _ = process.communicate(timeout=60)
    assert process.returncode == Exit.OK, log
    listed = (tmp_path / "index.cdxj").read_text()
    assert all(path in listed for path in paths(site))
    manifest, broken = fixity.read(tmp_path)
    assert sealed <= set(manifest)
    assert broken == []


def _states(archive) -> set[str]:
    return {state for (state,) in frontier(archive, "select distinct state from urls")}


def test_a_page_that_kills_its_worker_is_given_up_and_no_other_is_lost(tmp_path):
    script = (
        "import os, sys; from crawler.spiders import portal; read = portal.read_page\n"
        "def deadly(body, **source):\n"
        "    if b'poison' in body: os._exit(11)\n"
        "    return read(body, **source)\n"
        "portal.read_page = deadly\n"
        "from crawler.run import main; sys.exit(main())"
    )
    html = {"Content-Type": "text/html"}
    answers = {f"/{n}": (200, html, b"<p>story %d</p>" % n) for n in range(12)}
    answers["/5"] = (200, html, b"<p>poison</p>")
    links = "".join(f'<a href="{path}">x</a>' for path in answers)
    answers["/"] = (200, html, links.encode())
    codes = []
    with _Small(answers) as server:
        declare(tmp_path, server.url, feeds=[], sitemaps=[], delay=0, concurrency=4)
        command = [sys.executable, "-c", script, "demo", "--archive", str(tmp_path)]
        while (codes or [11])[-1] == 11 and len(codes) < 8:
            codes.append(subprocess.run(command, capture_output=True, timeout=60).returncode)
        asked = [path for _, path in server.asked]
    assert codes == [11] * CRASHES + [Exit.OK]
    assert asked.count("/5") == CRASHES
    query = "select state, outcome, attempts from urls where url like '%/5'"
    assert frontier(tmp_path, query) == [("failed", "worker_died", CRASHES)]
    assert (
        frontier(tmp_path, "select url from urls where state <> 'done' and url not like '%/5'")
        == []
    )
    assert set(answers) <= set(kept(tmp_path)) | {"/5"}


def test_a_link_met_again_on_a_shorter_way_is_followed_as_deep_as_that_allows(tmp_path):
    """/c is met at depth 3, fails, and while it waits /z, which failed too, has it at depth 2."""
    html = {"Content-Type": "text/html"}

    def page(*paths: str) -> tuple[int, dict[str, str], bytes]:
        links = "".join(f'<p><a href="{path}">a story with a title</a></p>' for path in paths)
        return 200, html, f"<html><body><main>{links}</main></body></html>".encode()

    answers = {"/": page("/a", "/z"), "/a": page("/b"), "/b": page("/c"), "/c": page("/d")}
    answers |= {"/d": page("/e"), "/e": page()}
    for path, then in (("/z", page("/c")), ("/c", page("/d"))):
        turns = itertools.chain([(500, html, b"")], itertools.repeat(then))
        answers[path] = functools.partial(next, turns)
    with _Small(answers) as server:
        declare(tmp_path, server.url, feeds=[], sitemaps=[], delay=0.3, concurrency=1, max_depth=3)
        code, log = crawl(tmp_path)
    assert code == Exit.OK, log
    hops = dict(
        frontier(tmp_path, "select replace(url, rtrim(url, 'abcdez'), '/'), hops from urls")
    )
    assert hops["/c"] == 2
    assert {path for path, n in hops.items() if n > 3} == {"/e"}
    assert "/d" in {path for _, path in server.asked}
