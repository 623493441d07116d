"""robots.txt as RFC 9309 has it, and how long an overloaded host is left alone.

The verdict is asked before every request; robots.txt itself is fetched through the same
download handler and so is kept like everything else.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive.capture import About
from archive.link import Link, LinkKind
from crawler.frontier import Outcome

logger = logging.getLogger(__name__)

ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: parse at least 500 KiB; the rest is not even fetched
ROBOTS_AGE = 24 * 3600.0  # RFC 9309, 2.4: a copy should not be used for longer than a day
ROBOTS_RETRY = 300.0  # an unreachable robots.txt is asked for again after this
MAX_CRAWL_DELAY = 60.0  # seconds; a longer Crawl-delay is taken as this
BACK_OFF = 30.0  # seconds a host is left alone after 429 or 503 without Retry-After
MAX_BACK_OFF = 3600.0
AGENT = "morestories"  # the token that robots.txt groups name


class Refused(IgnoreRequest):
    """A request that must not leave, for ``outcome``'s reason."""

    def __init__(self, outcome: Outcome, what: str) -> None:
        super().__init__(what)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin's robots.txt says. ``rules`` is None where nothing may be fetched now."""

    rules: Protego | None
    read: float
    status: str
    sitemaps: tuple[str, ...] = field(default=())

    def allows(self, url: str) -> bool:
        return self.rules is not None and self.rules.can_fetch(url, AGENT)

    @property
    def delay(self) -> float:
        """Crawl-delay in seconds, 0 if none is asked for."""
        asked = self.rules.crawl_delay(AGENT) if self.rules else None
        return min(float(asked or 0), MAX_CRAWL_DELAY)


def read_robots(status: int, body: bytes, now: float) -> Rules:
    """Judge an answer to a request for robots.txt; a redirect that led nowhere counts as 4xx.

    Source: RFC 9309, 2.3.1: 2xx is parsed, 4xx means no rules, 5xx means disallow all for now.
    """
    if status >= 500 or status == 429:
        return Rules(None, now, str(status))
    text = body[:ROBOTS_BYTES].decode("utf-8", "replace") if 200 <= status < 300 else ""
    rules = Protego.parse(text.removeprefix("\ufeff"))
    return Rules(rules, now, str(status), tuple(rules.sitemaps)[:100])


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return the first 500 KiB of what ``body``, cut anywhere, unpacks to.

    gzip is what is asked for; another ``encoding`` than gzip is left as it is.
    """
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, ROBOTS_BYTES)
    except zlib.error:
        return body  # said to be gzip, and is not


class RobotsMiddleware:
    """Ask robots.txt before each request, once an origin and day, and set the host's pace.

    It stands between Scrapy's unpacking and the wire: a robots.txt that was cut, or unpacks to a
    gigabyte, is unpacked here as far as it counts.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, asyncio.Task[Rules]] = {}
        self._obey = crawler.settings.getbool("MORESTORIES_OBEY_ROBOTS", True)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request through, or raise ``Refused`` with the reason."""
        if self._obey and not request.meta.get("robots_txt"):
            await self._judge(request)
        # A busy machine may be late: the host's next moment counts from when it is really asked.
        self._spider.paces.leaves(urlsplit(request.url).hostname or "")

    async def _judge(self, request: Request) -> None:
        waits = not self._is_known(request.url)
        rules = await self._rules_of(request.url)
        if rules.rules is None:
            raise Refused(Outcome.ROBOTS_UNREACHABLE, f"robots.txt answered {rules.status}")
        if not rules.allows(request.url):
            self._count("robots/forbidden")
            raise Refused(Outcome.ROBOTS, "forbidden by robots.txt")
        if waits:  # its moment has passed to robots.txt: it takes a new one
            await self._turn(request.url)

    def process_response(self, request: Request, response: Response) -> Response:
        """Unpack what was fetched of a robots.txt; other answers pass."""
        encoding = response.headers.get(b"Content-Encoding")
        if not request.meta.get("robots_txt") or not encoding:
            return response
        headers = response.headers.copy()
        del headers[b"Content-Encoding"]
        body = unpacked(response.body, encoding.decode("latin-1"))
        return response.replace(body=body, headers=headers)

    def _is_known(self, url: str) -> bool:
        task = self._rules.get(origin_of(url))
        if task is None or not task.done() or task.exception() is not None:
            return False
        return not self._is_stale(task.result())

    async def _turn(self, url: str) -> None:
        """Wait for a moment at which the host's clock lets this request go."""
        wait = self._spider.paces.turn(urlsplit(url).hostname or "")
        if wait > 0:
            await asyncio.sleep(wait)

    @property
    def _spider(self) -> Any:
        return self._crawler.spider

    async def _rules_of(self, url: str) -> Rules:
        origin = origin_of(url)
        task = self._rules.get(origin)
        if task is None or (task.done() and not self._is_known(url)):
            task = asyncio.ensure_future(self._fetch(origin))
            self._rules[origin] = task
        # Shielded: a request that is given up must not take the others' answer with it.
        return await asyncio.shield(task)

    def _is_stale(self, rules: Rules) -> bool:
        age = ROBOTS_AGE if rules.rules is not None else ROBOTS_RETRY
        return time.monotonic() - rules.read > age

    async def _fetch(self, origin: str) -> Rules:
        """Fetch and judge an origin's robots.txt, following at most five redirects (RFC 9309)."""
        url = origin + "/robots.txt"
        rules = Rules(None, time.monotonic(), "unreachable")
        for _ in range(6):
            await self._turn(url)
            answer = await self._download(url)
            if answer is None:  # also after a redirect: where it leads to is what counts
                rules = Rules(None, time.monotonic(), "unreachable")
                break
            rules = read_robots(answer.status, answer.body, time.monotonic())
            target = answer.headers.get(b"Location")
            if not (300 <= answer.status < 400 and target):
                break
            url = urljoin(url, target.decode("latin-1"))
        self._count(f"robots/answers/{rules.status}")
        logger.info("robots.txt of %s: %s, crawl delay %.0f s", origin, rules.status, rules.delay)
        self._spider.heed(origin, rules)
        return rules

    async def _download(self, url: str) -> Response | None:
        about = About(
            portal=self._crawler.settings["MORESTORIES_PORTAL"].id, robots="robots", via=""
        )
        request = Request(
            url,
            headers={"Accept-Encoding": "gzip"},
            callback=NO_CALLBACK,
            meta={"robots_txt": True, "about": about, "download_maxsize": 0},
            dont_filter=True,
        )
        got = 0

        def cut(data: bytes, request: Request) -> None:
            nonlocal got
            got += len(data) if request is asked else 0
            if request is asked and got >= ROBOTS_BYTES:
                raise StopDownload(fail=False)

        asked = request
        engine = self._crawler.engine
        assert engine is not None
        self._crawler.signals.connect(cut, signals.bytes_received)
        try:
            return await engine.download_async(request)
        except Exception as error:  # whatever it is, robots.txt could not be had
            logger.warning("robots.txt cannot be had at %s: %s", url, error)
            return None
        finally:
            self._crawler.signals.disconnect(cut, signals.bytes_received)

    def _count(self, stat: str) -> None:
        assert self._crawler.stats is not None
        self._crawler.stats.inc_value(stat)


def origin_of(url: str) -> str:
    """Return an address's scheme, host and port: what one robots.txt speaks for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def sitemap_links(rules: Rules) -> list[Link]:
    """Return the sitemaps that robots.txt announces."""
    return [Link(url, LinkKind.SITEMAP) for url in rules.sitemaps]


def back_off(status: int, retry_after: str, now: float) -> float | None:
    """Return until when (epoch seconds) a host is to be left alone after an answer, or None.

    ``retry_after`` is the header's value: seconds, an HTTP date (RFC 9110, 10.2.3) or "".
    """
    if status not in (429, 503):
        return None
    return now + min(max(_seconds(retry_after, now), 1.0), MAX_BACK_OFF)


def adapted(delay: float, floor: float, latency: float) -> float:
    """Return a host's next delay in seconds, given how long its last answer took.

    A host that answers slowly is asked slowly: the delay moves half-way to the answer's time, as
    Scrapy's AutoThrottle does, never under ``floor`` (the portal's delay or Crawl-delay), never
    over ``MAX_CRAWL_DELAY``. A portal whose floor is 0 is not slowed: it asked for no pace.
    """
    if not floor:
        return 0.0
    return min(max((delay + latency) / 2, floor), MAX_CRAWL_DELAY)


def _seconds(retry_after: str, now: float) -> float:
    if not retry_after:
        return BACK_OFF
    if retry_after.strip().isdigit():
        return float(retry_after[:9])
    try:
        return parsedate_to_datetime(retry_after).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return BACK_OFF
