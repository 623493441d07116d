"""What a crawl tells the process that started it: one JSON object a line, on a descriptor.

``{"pages": …, "captures": {"200": …}, "revisits": …, "bytes": …, "queued": …, "failures": {…}}``
twice a second, and as the last line the same with ``"reason"``, ``"budget"`` and ``"code"``. A
descriptor that nobody reads any more means that the parent died: the crawl then stops in order.
"""

from __future__ import annotations

import json
import logging
import os
import time
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import AsyncioLoopingCall, call_later, create_looping_call
from twisted.internet.task import LoopingCall

from archive.cli.common import Exit
from archive.errors import ArchiveError
from crawler.ending import end, end_for
from crawler.frontier import Frontier, Outcome
from crawler.keeper import Keeper
from crawler.scheduler import Scheduler
from crawler.spiders.portal import PortalSpider

logger = logging.getLogger(__name__)

EVERY = 0.5  # seconds


class Progress:
    """The extension that counts, reports, and holds the run's exit code and time budget."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._fd: int | None = crawler.settings["MORESTORIES_PROGRESS_FD"]
        self._seconds: float | None = crawler.settings["MORESTORIES_MAX_SECONDS"]
        self._started = time.monotonic()
        self._out_of_time = False
        self._queued = 0
        self._count_at = 0.0
        self._loop: AsyncioLoopingCall | LoopingCall = create_looping_call(self._tell)
        self.code = Exit.SETTING

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Progress:
        progress = cls(crawler)
        crawler.signals.connect(progress.opened, signals.spider_opened)
        crawler.signals.connect(progress.closed, signals.spider_closed)
        return progress

    def opened(self) -> None:
        self._loop.start(EVERY, now=False)
        if self._seconds is not None:
            call_later(self._seconds, self._time_is_up)

    def closed(self, reason: str) -> None:
        """Say the last word. The keeper, connected first, has sealed the WARC by now."""
        if self._loop.running:
            self._loop.stop()
        scheduler = self._scheduler()
        budget = "max_minutes" if self._out_of_time else scheduler.budget if scheduler else ""
        self.code = self._judge(reason, budget)
        figures = self._figures()
        self._write(figures | {"reason": reason, "budget": budget, "code": int(self.code)})
        logger.info(
            "crawl ended (%s): %d pages, captures %s, %d revisits, %.1f MB",
            budget or reason,
            figures["pages"],
            figures["captures"],
            figures["revisits"],
            figures["bytes"] / 1e6,
        )
        if self._fd is None:
            archive = self._crawler.settings["MORESTORIES_ARCHIVE"]
            logger.info("`morestories ingest --archive %s` lands what was kept", archive)

    def _judge(self, reason: str, budget: str) -> Exit:
        keeper, spider = self._keeper(), self._spider()
        if reason == "disk_full":
            return Exit.DISK_FULL
        if reason == "bad_setting":
            return Exit.SETTING
        if reason == "shutdown":
            return Exit.INTERRUPTED
        if reason not in ("finished", "max_minutes"):
            return Exit.PARTLY
        if budget:
            return Exit.BUDGET
        # 304 is a page too: the one that is kept already.
        if any(status.startswith("2") or status == "304" for status in keeper.pages):
            return Exit.OK
        if spider.failures[Outcome.ROBOTS]:
            return Exit.ROBOTS
        if spider.failures or any(s == "429" or s.startswith("5") for s in keeper.pages):
            return Exit.UNREACHABLE
        return Exit.NOTHING

    def _figures(self) -> dict[str, Any]:
        keeper, spider, scheduler = self._keeper(), self._spider(), self._scheduler()
        return {
            "crawl": self._crawler.settings["MORESTORIES_CRAWL_ID"],
            "pages": scheduler.given if scheduler else 0,
            "captures": dict(sorted(keeper.statuses.items())),
            "requisites": dict(sorted(keeper.requisites.items())),
            "revisits": keeper.revisits,
            "bytes": keeper.bytes,
            "failures": {str(name): n for name, n in sorted(spider.failures.items())},
            "cause": self._cause(),
        }

    def _cause(self) -> str:
        """Return why nothing more could be kept, in words; "" while all is well."""
        stats = self._crawler.stats
        return str(stats.get_value("capture/failure", "")) if stats else ""

    def _tell(self) -> None:
        frontier = self._keeper().frontier
        try:
            queued = self._count_queued(frontier)
        except ArchiveError as error:
            end_for(self._crawler, error)
        else:
            self._write(self._figures() | {"queued": queued})

    def _count_queued(self, frontier: Frontier) -> int:
        """Count what is left, or say the last count: counting takes at most 1 % of the time."""
        began = time.monotonic()
        if began >= self._count_at:
            self._queued = frontier.pending(self._spider().portal.id, frontier.now()).total
            took = time.monotonic() - began
            self._count_at = began + 100 * took
        return self._queued

    def _write(self, figures: dict[str, Any]) -> None:
        if self._fd is None:
            return
        try:
            os.write(self._fd, json.dumps(figures).encode() + b"\n")
        except BrokenPipeError:
            self._fd = None
            logger.warning("the process that started this crawl is gone: stopping")
            end(self._crawler, "orphaned")

    def _time_is_up(self) -> None:
        self._out_of_time = True
        end(self._crawler, "max_minutes")

    def _keeper(self) -> Keeper:
        keeper = self._crawler.get_extension(Keeper)
        assert keeper is not None
        return keeper

    def _spider(self) -> PortalSpider:
        assert isinstance(self._crawler.spider, PortalSpider)
        return self._crawler.spider

    def _scheduler(self) -> Scheduler | None:
        scheduler = self._crawler.engine.scheduler if self._crawler.engine else None
        return scheduler if isinstance(scheduler, Scheduler) else None
