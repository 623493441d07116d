"""Crawl with Scrapy in a process of its own (a reactor starts once) and pickle what was seen.

``python -m tests.crawler.wire_crawl JOB OUTCOME``, both pickles.
"""

from __future__ import annotations

import hashlib
import pickle
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from archive.capture import Exchange
from archive.errors import DiskFull

HERE = "tests.crawler.wire_crawl"
STOCK = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
CAPTURE = "crawler.capture.CaptureHandler"


@dataclass
class Ask:
    """One request of a job."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    asks: list[Ask]
    handler: str = CAPTURE
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """What Scrapy saw of one request."""

    url: str
    status: int
    headers: list[tuple[bytes, list[bytes]]]
    body: bytes
    flags: list[str]
    protocol: str | None
    ip: str
    kind: str
    secured: bool


@dataclass
class Outcome:
    """``order`` tells, as they happened, ``("kept", url)`` and ``("seen" or "failed", url)``."""

    exchanges: list[Exchange] = field(default_factory=list)
    digests: dict[str, tuple[int, str]] = field(default_factory=dict)
    responses: dict[str, Seen] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    order: list[tuple[str, str]] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    grown: int = 0  # KiB that the process grew while crawling
    stderr: str = ""


OUTCOME = Outcome()


class KeepAll:
    """A keeper that holds everything; what was spooled and is large, only by its digest."""

    def __init__(self, crawler: Crawler) -> None:
        self.fail_after = crawler.settings.getint("TEST_FAIL_AFTER", -1)
        self.error = {"disk": DiskFull("no room"), "other": OSError("no such folder")}.get(
            crawler.settings.get("TEST_FAIL_WITH", "")
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepAll:
        return cls(crawler)

    def keep(self, exchange: Exchange, request: scrapy.Request) -> None:
        assert isinstance(request, scrapy.Request)
        if self.error is not None and len(OUTCOME.exchanges) == self.fail_after:
            raise self.error
        if not isinstance(exchange.body, bytes):
            digest = hashlib.file_digest(exchange.body, "sha256").hexdigest()  # type: ignore[arg-type]
            size = exchange.body.tell()
            OUTCOME.digests[exchange.url] = (size, digest)
            exchange.body.seek(0)
            exchange = replace(exchange, body=exchange.body.read() if size < 30_000_000 else b"")
        OUTCOME.exchanges.append(exchange)
        OUTCOME.order.append(("kept", exchange.url))


class NotAKeeper:
    """An extension without ``keep``."""


class WireSpider(scrapy.Spider):
    name = "wire"

    def __init__(self, asks: list[Ask], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asks = asks

    async def start(self):
        for ask in self.asks:
            yield scrapy.Request(
                ask.url,
                self.parse,
                ask.method,
                headers=ask.headers,
                body=ask.body,
                meta=dict(ask.meta),
                errback=self.failed,
                dont_filter=True,
            )

    def parse(self, response):
        url = response.request.url
        OUTCOME.order.append(("seen", url))
        OUTCOME.responses[url] = Seen(
            url,
            response.status,
            list(response.headers.items()),
            response.body,
            list(response.flags),
            response.protocol,
            str(response.ip_address),
            type(response).__name__,
            response.certificate is not None,
        )

    def failed(self, failure):
        OUTCOME.order.append(("failed", failure.request.url))
        OUTCOME.failures[failure.request.url] = type(failure.value).__name__


SETTINGS: dict[str, Any] = {
    "EXTENSIONS": {f"{HERE}.KeepAll": 0},
    "CAPTURE_KEEPER": f"{HERE}.KeepAll",
    "DEFAULT_REQUEST_HEADERS": {"Accept": "*/*", "Accept-Encoding": "gzip, br"},
    "ROBOTSTXT_OBEY": False,
    "RETRY_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "COMPRESSION_ENABLED": False,
    "COOKIES_ENABLED": False,  # a kept request lacks them
    "HTTPERROR_ALLOW_ALL": True,
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "LOG_LEVEL": "ERROR",
}


def peak() -> int:
    """Return the most memory that this process has had so far, in KiB.

    Linux's ``ru_maxrss`` is inherited from the parent through fork and exec, so it cannot serve.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # bytes on macOS
    return int(status.read_text().partition("VmHWM:")[2].split()[0])


def main(job_file: str, outcome_file: str) -> None:
    job: Job = pickle.loads(Path(job_file).read_bytes())
    settings = SETTINGS | job.settings
    settings["DOWNLOAD_HANDLERS"] = dict.fromkeys(("http", "https", "ftp"), job.handler)
    if settings.pop("TEST_FULL_TEMPORARY", False):  # a real ENOSPC at every write
        tempfile.TemporaryFile = lambda: open("/dev/full", "w+b", buffering=0)  # noqa: SIM115, PTH123
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(WireSpider)
    before = peak()
    process.crawl(crawler, asks=job.asks)
    process.start()
    OUTCOME.grown = peak() - before
    assert crawler.stats is not None
    OUTCOME.stats = crawler.stats.get_stats()
    Path(outcome_file).write_bytes(pickle.dumps(OUTCOME))


def crawl(job: Job, folder: Path) -> Outcome:
    """Run ``job`` in a process of its own and return what came of it."""
    job_file, outcome_file = folder / "job.pickle", folder / "outcome.pickle"
    job_file.write_bytes(pickle.dumps(job))
    outcome_file.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", HERE, job_file, outcome_file],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert outcome_file.exists(), done.stderr
    outcome: Outcome = pickle.loads(outcome_file.read_bytes())
    outcome.stderr = done.stderr
    return outcome


if __name__ == "__main__":
    # Pickles name this module by its full name.
    from tests.crawler import wire_crawl

    wire_crawl.main(*sys.argv[1:])
