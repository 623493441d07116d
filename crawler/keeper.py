"""Exchanges go into the WARC; the frontier hears of a URL only once its capture is durable."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call
from twisted.internet.task import LoopingCall

from archive.capture import Exchange
from archive.errors import ArchiveError
from archive.link import LinkKind
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from crawler.ending import end_for
from crawler.frontier import Frontier, Settled
from crawler.portal import Declaration
from crawler.story import Places

logger = logging.getLogger(__name__)

SYNC_EVERY = 1.0  # seconds between two fsyncs: what a power cut can cost
HEARTBEAT_EVERY = 15.0  # seconds; a quarter of a lease


class Keeper:
    """The extension that owns a run's WARC writer and its word to the frontier.

    ``keep`` is called by the capture handler for each exchange, always before Scrapy's callback;
    ``settle`` by the spider, once the links of the page have been offered. Both are written in
    that order: WARC, fsync, frontier.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._portal: Declaration = settings["MORESTORIES_PORTAL"]
        folder = Path(settings["MORESTORIES_ARCHIVE"])
        self.frontier = Frontier(settings["MORESTORIES_FRONTIER"])
        # Listing a sealed file merges the archive's index: 1.4 s at a million captures, in which
        # the crawl goes on. One thread, so that files are listed in their order.
        self._listing = ThreadPoolExecutor(1, thread_name_prefix="listing")
        self._revisits = RevisitIndex(folder) if self._portal.revisits else None
        self._writer = WarcWriter(
            folder / "warc",
            portal=self._portal.id,
            info=_info(self._portal, settings["MORESTORIES_CRAWL_ID"]),
            revisits=self._revisits,
            roll_at=settings.getint("MORESTORIES_WARC_BYTES"),
            apart=self._list,
        )
        self._settled: list[Settled] = []
        self._beat = time.monotonic()
        self._crawler = crawler
        self._loop: AsyncioLoopingCall | LoopingCall = create_looping_call(self._sync_or_end)
        self.statuses: Counter[str] = Counter()  # of all captures
        self.pages: Counter[str] = Counter()  # of those that the frontier asked for
        self.requisites: Counter[str] = Counter()  # of those that pages need to look right
        self.requisite_bytes = 0
        self.places = Places()
        self.revisits = 0
        self.bytes = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Keeper:
        keeper = cls(crawler)
        crawler.signals.connect(keeper.opened, signals.spider_opened)
        # After the scheduler has closed, so that the last word is said.
        crawler.signals.connect(keeper.closed, signals.spider_closed)
        return keeper

    def opened(self) -> None:
        self._loop.start(SYNC_EVERY, now=False)

    def keep(self, exchange: Exchange, request: Request) -> None:
        """Write one exchange. Raises ``DiskFull``; the handler then stops the crawl."""
        written = self._writer.write(exchange)
        status = str(written.status or "none")
        self.statuses[status] += 1
        claim = request.meta.get("claim")
        if claim is not None and claim.kind is LinkKind.REQUISITE:
            self.requisites[status] += 1
            self.requisite_bytes += written.length
        elif claim is not None:
            self.pages[status] += 1
        self.places.note(request.url, written.warc, written.offset)
        self.revisits += written.revisit
        request.meta["same_payload"] = written.revisit
        self.bytes += written.length
        logger.debug(
            "kept %s from %s: %s at %d of %s",
            written.status,
            request.url,
            "revisit" if written.revisit else "response",
            written.offset,
            written.warc,
        )

    def settle(self, settled: Settled) -> None:
        """Take the spider's word on a claim; it is written at the next sync."""
        self._settled.append(settled)

    def sync(self) -> None:
        """Make what was kept durable, then tell the frontier. Raises ``ArchiveError``."""
        if self._settled:
            self._writer.sync()
            self.frontier.settle(self._settled)
            self._settled = []
        if (now := time.monotonic()) - self._beat > HEARTBEAT_EVERY:
            self._beat = now
            self.frontier.heartbeat(self.frontier.now())

    def _sync_or_end(self) -> None:
        try:
            self.sync()
        except ArchiveError as error:
            end_for(self._crawler, error)

    async def closed(self) -> None:
        """Say the last word, seal, give back what was not fetched, and wait until all is listed.

        Each is tried whatever became of the others: a full disk may take them one by one.
        """
        if self._loop.running:
            self._loop.stop()
        for last in (self.sync, self._writer.close, self._close_revisits, self.frontier.release):
            try:
                last()
            except ArchiveError as error:
                logger.error("at the end: %s", error)
        self.frontier.close()
        await asyncio.to_thread(self._listing.shutdown)

    def _list(self, work: Callable[[], None]) -> None:
        self._listing.submit(work).add_done_callback(_tell_failure)

    def _close_revisits(self) -> None:
        if self._revisits is not None:
            self._revisits.close()


def _tell_failure(listing: Future[None]) -> None:
    if error := listing.exception():
        logger.error("a sealed WARC is not listed: run `morestories recover`", exc_info=error)


def _info(portal: Declaration, crawl: str) -> dict[str, str]:
    """Return the warcinfo fields that tell how this crawl was made (WARC 1.1, 6.2)."""
    return {
        "robots": portal.robots,
        "http-header-user-agent": portal.user_agent,
        "operator": portal.contact,
        "morestories-crawl": crawl,
        **portal.facts().to_warcinfo(),
    }
