"""When something cannot be kept the crawl stops; large bodies go by without filling memory."""

from __future__ import annotations

import hashlib

import pytest
from scrapy.utils.test import get_crawler

from archive.errors import BadSetting
from crawler.capture import find_keeper
from tests.crawler.wire_cases import CHUNKED, PAGE, lines, page
from tests.crawler.wire_crawl import HERE, Ask, Job, Outcome, crawl
from tests.crawler.wire_server import Repeat, Step, WireServer

BLOCK = hashlib.sha512(b"block").digest() * 1024  # 64 KiB
TIMES = 3200  # 200 MiB


def pages(target: str) -> tuple[Step, ...]:
    return (page() + PAGE,)


def crawl_pages(folder, count: int, **settings) -> tuple[Outcome, WireServer]:
    with WireServer(pages) as server:
        base = f"http://127.0.0.1:{server.port}"
        asks = [Ask(f"{base}/{n}") for n in range(count)]
        return crawl(Job(asks, settings={"CONCURRENT_REQUESTS": 1, **settings}), folder), server


@pytest.mark.parametrize(
    ("error", "reason", "told"),
    [("disk", "disk_full", "DiskFull: no room"), ("other", "keep_failed", "no such folder")],
)
def test_the_crawl_stops_at_the_first_exchange_not_kept(tmp_path, error, reason, told) -> None:
    outcome, server = crawl_pages(tmp_path, 30, TEST_FAIL_AFTER=5, TEST_FAIL_WITH=error)
    assert outcome.stats["finish_reason"] == reason
    assert told in outcome.stats["capture/failure"]
    assert told in outcome.stderr
    assert len(outcome.exchanges) == len(outcome.responses) == 5  # what is not kept is not seen
    assert set(outcome.failures.values()) == {"NotKept"}
    assert len(server.log) < 10


def test_nothing_is_fetched_without_a_keeper(tmp_path) -> None:
    outcome, server = crawl_pages(tmp_path, 3, EXTENSIONS={})
    assert server.log == []
    assert outcome.responses == {}
    assert outcome.stats["finish_reason"] == "bad_setting"
    assert outcome.stats["capture/failure"].startswith("BadSetting: CAPTURE_KEEPER: ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "is not running"),
        ({"CAPTURE_KEEPER": "no.such.module.Keeper"}, "cannot be loaded"),
        ({"CAPTURE_KEEPER": f"{HERE}.NoSuchName"}, "cannot be loaded"),
        ({"CAPTURE_KEEPER": "nodots"}, "cannot be loaded"),
        (
            {"EXTENSIONS": {f"{HERE}.NotAKeeper": 0}, "CAPTURE_KEEPER": f"{HERE}.NotAKeeper"},
            "has no method keep",
        ),
    ],
)
def test_a_keeper_that_is_none_is_refused_in_words(settings, told) -> None:
    crawler = get_crawler(settings_dict={"CAPTURE_KEEPER": f"{HERE}.KeepAll", **settings})
    with pytest.raises(BadSetting, match=f"^CAPTURE_KEEPER: .*{told}"):
        find_keeper(crawler)


def test_a_full_temporary_disk_stops_the_crawl(tmp_path) -> None:
    def script(target: str) -> tuple[Step, ...]:
        return (lines(length=len(BLOCK) * 32) + BLOCK * 32,)  # 2 MiB, so it is spooled

    with WireServer(script) as server:
        url = f"http://127.0.0.1:{server.port}/"
        outcome = crawl(Job([Ask(url)], settings={"TEST_FULL_TEMPORARY": True}), tmp_path)
    assert outcome.stats["finish_reason"] == "disk_full"
    assert url in outcome.stats["capture/failure"]
    assert outcome.exchanges == []
    assert outcome.failures == {url: "NotKept"}


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_memory_stays_flat_on_200_megabytes(tmp_path, framing) -> None:
    chunk = b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK)
    steps: dict[str, tuple[Step, ...]] = {
        "length": (
            lines(b"Content-Encoding: gzip", length=len(BLOCK) * TIMES),
            Repeat(BLOCK, TIMES),
        ),
        "chunked": (CHUNKED, Repeat(chunk, TIMES), b"0\r\n\r\n"),
    }
    body = {"length": BLOCK * TIMES, "chunked": chunk * TIMES + b"0\r\n\r\n"}[framing]
    settings = {"DOWNLOAD_MAXSIZE": 0, "DOWNLOAD_WARNSIZE": 0, "CAPTURE_IN_MEMORY": 4_000_000} | {
        "COMPRESSION_ENABLED": True,
        "RETRY_ENABLED": True,
    }
    with WireServer(lambda target: steps[framing]) as server:
        url = f"http://127.0.0.1:{server.port}/film"
        outcome = crawl(Job([Ask(url)], settings=settings), tmp_path)
    assert outcome.digests[url] == (len(body), hashlib.sha256(body).hexdigest())
    assert [e.truncated for e in outcome.exchanges] == [None]
    assert outcome.responses[url].body == b""
    assert outcome.responses[url].flags == ["kept_only"]
    assert outcome.grown < 40 * 1024  # KiB; the body is 204,800


def test_a_head_without_end_is_cut(tmp_path) -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 400_000

    with WireServer(lambda target: (endless,)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        outcome = crawl(Job([Ask(url)]), tmp_path)
    (exchange,) = outcome.exchanges
    assert exchange.truncated == "length"
    assert endless.startswith(exchange.head)
    assert 1_000_000 < len(exchange.head) < 2_500_000
    assert outcome.failures == {url: "DownloadFailedError"}
