"""How a crawl is ended for a cause that no page is to blame for."""

from __future__ import annotations

import logging

from scrapy.crawler import Crawler
from scrapy.utils.defer import _schedule_coro

from archive.errors import ArchiveError, DiskFull

logger = logging.getLogger(__name__)


def end(crawler: Crawler, reason: str) -> None:
    """Finish what is in flight and close the spider with ``reason``; once is enough."""
    engine = crawler.engine
    if engine is None or engine.spider is None or engine._slot is None or engine._slot.closing:
        return
    _schedule_coro(engine.close_spider_async(reason=reason))


def end_for(crawler: Crawler, error: ArchiveError) -> None:
    """End the crawl because the archive cannot be written: ``disk_full`` or ``store_failed``."""
    logger.error("stopping: %s", error)
    end(crawler, "disk_full" if isinstance(error, DiskFull) else "store_failed")
