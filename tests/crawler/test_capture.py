"""Byte for byte: what the server read and sent is what was captured, whatever the answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.crawler.wire_cases import CASES, HANG, PAGE, STALE, marked, page
from tests.crawler.wire_crawl import STOCK, Ask, Job, Outcome, crawl
from tests.crawler.wire_server import CloseIfReused, WireServer
from tests.crawler.wire_suite import BY_NAME, Run, run, script, wrongs


def test_there_are_fifty_odd_cases() -> None:
    assert len(BY_NAME) == len(CASES) + 1 >= 50


@pytest.mark.parametrize(("concurrency", "times"), [(1, 1), (16, 2), (64, 4)])
def test_every_byte_is_kept(tmp_path, certificate, concurrency, times) -> None:
    def crawled(scheme: str) -> Run:
        folder = tmp_path / scheme
        folder.mkdir()
        return run(folder, certificate, scheme=scheme, concurrency=concurrency, times=times)

    with ThreadPoolExecutor() as pool:  # both wait more than they work
        for done in pool.map(crawled, ("http", "https")):
            assert wrongs(done) == []
            assert len(done.sent) >= len(CASES)
            assert_kept_first(done.outcome)


def assert_kept_first(outcome: Outcome) -> None:
    """Nothing reaches a callback or errback before it was kept."""
    happened: dict[str, list[str]] = {}
    for what, url in outcome.order:
        happened.setdefault(url, []).append(what)
    for url, events in happened.items():
        assert events[0] == "kept", url
        assert events[-1] in ("seen", "failed"), url


# What Twisted refuses and a browser reads; the capture handler reads it too.
READ_ON = {"spaces", "bad-name", "64-KB-line"}


def test_scrapy_sees_what_the_stock_handler_would_show_it(tmp_path) -> None:
    # POST and PUT first, over new connections: on a stale one Twisted does not try them again.
    cases = sorted(CASES, key=lambda case: case.method in ("GET", "HEAD"))
    asks = [Ask(f"/{c.name}", c.method, {}, c.sent_body, c.meta) for c in cases]
    with WireServer(script) as server:
        for ask in asks:
            ask.url = f"http://127.0.0.1:{server.port}{ask.url}"
        stock = crawl(Job(asks, handler=STOCK), tmp_path)
        ours = crawl(Job(asks), tmp_path)
    assert set(stock.responses) | set(stock.failures) == {ask.url for ask in asks}
    names = {url: url.rpartition("/")[2] for url in ours.responses}
    assert {names[u] for u in set(ours.responses) - set(stock.responses)} == READ_ON
    for url, seen in stock.responses.items():
        assert ours.responses.get(url, ours.failures.get(url)) == seen, url
    for url, failure in ours.failures.items():
        assert stock.failures.get(url) == failure, url


def test_a_stale_connection_is_two_exchanges_and_one_response(tmp_path) -> None:
    with WireServer(script) as server:
        base = f"http://127.0.0.1:{server.port}"
        asks = [Ask(f"{base}/plain"), Ask(f"{base}/stale")]
        outcome = crawl(Job(asks, settings={"CONCURRENT_REQUESTS": 1}), tmp_path)
    first, second = [e for e in outcome.exchanges if e.url.endswith("/stale")]
    assert (first.head, first.body, first.truncated) == (b"", b"", "disconnect")
    assert second.head == marked(STALE.head, "/stale")
    assert second.truncated is None
    assert first.request == second.request == server.log[-1].request
    assert first.started < second.started
    assert outcome.responses[f"{base}/stale"].status == 200


def test_each_try_says_how_it_ended_itself(tmp_path) -> None:
    part = page() + PAGE[:99]
    steps = {"/plain": (page() + PAGE,), "/late": (CloseIfReused(), part, HANG)}
    with WireServer(steps.__getitem__) as server:
        base = f"http://127.0.0.1:{server.port}"
        asks = [Ask(f"{base}/plain"), Ask(f"{base}/late", meta={"download_timeout": 1.5})]
        outcome = crawl(Job(asks, settings={"CONCURRENT_REQUESTS": 1}), tmp_path)
    ends = [(e.head + e.body, e.truncated) for e in outcome.exchanges if e.url.endswith("/late")]
    assert ends == [(b"", "disconnect"), (part, "time")]


def test_the_exchange_tells_when_where_and_how(tmp_path, certificate) -> None:
    with WireServer(script, certificate) as server:
        urls = [f"{scheme}://127.0.0.1:{server.port}/reserved" for scheme in ("http", "https")]
        outcome = crawl(Job([Ask(f"{url}#part") for url in urls]), tmp_path)
    by_url = {e.url: e for e in outcome.exchanges}
    plain, secure = by_url[urls[0]], by_url[urls[1]]
    assert plain.ip == secure.ip == "127.0.0.1"
    assert (plain.protocol, plain.cipher) == (("http/1.1",), None)
    assert secure.protocol == ("http/1.1", "tls/1.3")
    assert secure.cipher in ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256")
    assert plain.about.reservations == (
        ("X-Robots-Tag", "noai"),
        ("TDM-Reservation", "1"),
        ("x-robots-tag", "a, b"),
    )
    assert plain.started.utcoffset() == timedelta(0)
    assert abs(plain.started - datetime.now(UTC)) < timedelta(minutes=1)
