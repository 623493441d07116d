"""Scrapy as it comes, for comparison: ``python -m benchmarks._stock URL PAGES``."""

from __future__ import annotations

import re
import sys
from typing import Any

from scrapy import Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import LinkExtractor


class Stock(Spider):
    """Follow every link of one site, as a first Scrapy project would."""

    name = "stock"
    start_urls = [sys.argv[1]]  # noqa: RUF012 - as Scrapy's tutorial has it
    links = LinkExtractor(
        allow=[re.escape(sys.argv[1])], deny=["replytocom", "/author/", "/tag/", "truti", "adhuri"]
    )

    def parse(self, response: Response, **_: Any) -> Any:
        """Yield a request for each link."""
        if isinstance(response, TextResponse):
            for link in self.links.extract_links(response):
                yield response.follow(link, self.parse)


if __name__ == "__main__":
    process = CrawlerProcess(
        {
            "LOG_LEVEL": "ERROR",
            "CONCURRENT_REQUESTS": 8,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
            "DOWNLOAD_DELAY": 0,
            "CLOSESPIDER_PAGECOUNT": int(sys.argv[2]),
            "TELNETCONSOLE_ENABLED": False,
            "RETRY_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
        }
    )
    process.crawl(Stock)
    process.start()
