"""What keeping every exchange costs: CPU of a crawl with and without it, in one run.

``python -m benchmarks.capture [--pages 400] [--rounds 5]``. Each crawl is a process of its own
that fetches pages of 60 KB from a server in another process. The first of each pair of rows does
nothing with them, so that its ratio is the worst there is; the second reads their links, as every
crawler does.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import scrapy
from rich.console import Console
from rich.table import Table
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from archive.capture import Exchange

SIZE = 60_000
VARIANTS = 100
STOCK = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
CAPTURE = "crawler.capture.CaptureHandler"
WAYS = ("stock", "dropped", "warc")
GOAL = 1.4


def page(seed: int) -> bytes:
    """Return a page of ``SIZE`` bytes: markup, links and Hindi words, about as dense as news."""
    chosen = random.Random(seed)
    words = ["".join(chosen.choices("कखगचजटडतदनपबमयरलवशसहािीुेो्", k=5)) for _ in range(900)]
    parts = [f"<!doctype html><html><head><title>{seed}</title></head><body>"]
    size = 0
    while size < SIZE - 400:
        href = "-".join(str(chosen.randrange(10_000)) for _ in range(3))
        text = " ".join(chosen.choices(words, k=12))
        parts.append(
            f'<div class="story"><h3><a href="/{href}/">{text}</a></h3><p>{text}</p></div>'
        )
        size += len(parts[-1].encode())
    return "".join(parts).encode()


def answers(encoding: str) -> list[bytes]:
    """Return the pages as a server would send them."""
    found = []
    for seed in range(VARIANTS):
        body, extra = page(seed), ""
        if encoding == "gzip":
            body, extra = gzip.compress(body, 6, mtime=0), "Content-Encoding: gzip\r\n"
        head = (
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=UTF-8\r\n"
            f"{extra}Vary: Accept-Encoding\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


def serve(port: Connection) -> None:
    """Answer ``/<encoding>/<number>`` until the process is ended."""
    pages = {encoding: answers(encoding) for encoding in ("identity", "gzip")}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                request = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            _, encoding, number = request.split(b" ", 2)[1].decode().split("/")
            writer.write(pages[encoding][int(number) % VARIANTS])
            await writer.drain()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


class Dropping:
    """A keeper that takes and forgets: what is left is the handler's own cost."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Dropping:  # noqa: ARG003
        return cls()

    def keep(self, exchange: Exchange, request: scrapy.Request) -> None:
        """Forget ``exchange``."""


class Writing(Dropping):
    """A keeper that writes WARC into a temporary folder, every page in full."""

    def __init__(self) -> None:
        from archive.warc.writer import WarcWriter

        self._folder = tempfile.TemporaryDirectory()
        self._writer = WarcWriter(Path(self._folder.name), portal="bench", info={})

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Writing:
        keeper = cls()
        crawler.signals.connect(keeper.closed, scrapy.signals.spider_closed)
        return keeper

    def keep(self, exchange: Exchange, request: scrapy.Request) -> None:  # noqa: ARG002
        """Write ``exchange``."""
        self._writer.write(exchange)

    def closed(self) -> None:
        """Seal, and throw the file away."""
        self._writer.close()
        self._folder.cleanup()


class Reader(scrapy.Spider):
    """Fetch the pages and, if told so, their links."""

    name = "bench"

    def __init__(self, base: str, pages: int, links: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base, self.pages, self.links = base, pages, links
        self.seen = 0
        self.began = 0.0

    async def start(self) -> AsyncIterator[scrapy.Request]:
        self.began = time.process_time()  # imports are done: their cost is no page's
        for number in range(self.pages):
            yield scrapy.Request(f"{self.base}/{number}", dont_filter=True)

    def parse(self, response: scrapy.http.Response) -> None:
        """Count the page."""
        self.seen += 1
        if self.links:
            response.css("a::attr(href)").getall()


def crawl(base: str, way: str, pages: int, links: bool) -> None:
    """Crawl in this process and print CPU seconds a page."""
    keeper = "Writing" if way == "warc" else "Dropping"
    settings = {
        "DOWNLOAD_HANDLERS": {"http": STOCK if way == "stock" else CAPTURE},
        "EXTENSIONS": {} if way == "stock" else {f"benchmarks.capture.{keeper}": 0},
        "CAPTURE_KEEPER": f"benchmarks.capture.{keeper}",
        "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": "gzip, br"},
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "ERROR",
    }
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Reader)
    process.crawl(crawler, base=base, pages=pages, links=links)
    process.start()
    assert isinstance(crawler.spider, Reader)
    spent = time.process_time() - crawler.spider.began
    assert crawler.spider.seen == pages, f"{crawler.spider.seen} of {pages} pages"
    print(json.dumps(spent / pages))


def measured(base: str, way: str, pages: int, links: bool) -> float:
    """Return the CPU seconds a page of one crawl."""
    command = [sys.executable, "-m", "benchmarks.capture", "--crawl", base, way]
    command += ["--pages", str(pages)] + (["--links"] if links else [])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def rounds(base: str, pages: int, links: bool, times: int) -> dict[str, list[float]]:
    """Crawl each way in turn, ``times`` times, so that noise falls on all alike."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(times):
        for way in WAYS:
            found[way].append(measured(base, way, pages, links))
    return found


def rows(port: int, pages: int, times: int) -> Iterator[tuple[str, ...]]:
    """Measure every combination; one row each."""
    for encoding in ("identity", "gzip"):
        for links in (False, True):
            found = rounds(f"http://127.0.0.1:{port}/{encoding}", pages, links, times)
            # Whatever else the machine does only adds: the least of the rounds is the truest.
            least = {way: min(spent) for way, spent in found.items()}
            ratios = [f"{least[way] / least['stock']:.2f}" for way in WAYS[1:]]
            spent = [f"{1000 * least[way]:.2f}" for way in WAYS]
            yield encoding, "yes" if links else "no", *spent, *ratios


def main() -> None:
    """Parse the command line; the parent starts a server and measures, a child crawls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--links", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--crawl", nargs=2, metavar=("BASE", "WAY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.crawl:
        crawl(*options.crawl, pages=options.pages, links=options.links)
        return
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    table = Table(title=f"CPU a page of {SIZE // 1000} KB, ms; goal: warc ÷ stock ≤ {GOAL}")
    for name in ("encoding", "links read", *WAYS, "dropped ÷ stock", "warc ÷ stock"):
        table.add_column(name, justify="right" if name in WAYS or "÷" in name else "left")
    for row in rows(ours.recv(), options.pages, options.rounds):
        table.add_row(*row)
    server.terminate()
    server.join()
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
