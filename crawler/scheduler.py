"""Scrapy's scheduler interface over the frontier: claims in, requests out."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import call_later

from archive.capture import About
from archive.errors import ArchiveError
from archive.link import LinkKind
from crawler.ending import end_for
from crawler.frontier import Claim, Outcome, Settled
from crawler.frontier.values import CRASHES, SUSPECT, State
from crawler.keeper import Keeper
from crawler.portal import Declaration
from crawler.spiders.portal import PortalSpider

logger = logging.getLogger(__name__)

BATCH = 64  # URLs a claim: a few seconds of work, so that a stop has little to give back
REQUISITE_WAIT = 3600.0  # seconds after which a later run may fetch what this one had no bytes for
POLL = (0.02, 1.0)  # seconds between two looks at a frontier that had nothing due


class Scheduler(BaseScheduler):
    """Give the engine one request at a time, when its host's clock allows.

    Requests that the engine would enqueue are none of ours: the spider offers links to the
    frontier itself, so that a page of 200 known links builds no Request at all.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._portal: Declaration = crawler.settings["MORESTORIES_PORTAL"]
        self._max_pages: int | None = crawler.settings["MORESTORIES_MAX_PAGES"]
        self._max_bytes: int | None = crawler.settings["MORESTORIES_MAX_BYTES"]
        self._ready: deque[Claim] = deque()
        self._look_at = 0.0
        self._wait = POLL[0]
        self._alone = False
        self.given = 0
        self.budget = ""  # the budget that was reached, or ""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Scheduler:
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Find the keeper, free what a dead run of this machine held, and seed the frontier."""
        keeper = self._crawler.get_extension(Keeper)
        assert keeper is not None, "crawler.keeper.Keeper must be in EXTENSIONS"
        assert isinstance(spider, PortalSpider)
        self._keeper, self._spider = keeper, spider
        if freed := keeper.frontier.release_dead():
            logger.info("taking up %d URLs that an interrupted run left", freed)
        self._count_given_up()
        taken_back = keeper.frontier.withdraw(self._portal.id, spider.scope.withdrawn)
        if taken_back:
            logger.info("%d addresses are refused by the portal's file of today", taken_back)
        spider.held = self._give_back
        spider.seed()

    def close(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's signature
        """Nothing to write: the keeper gives the claims back once the WARC is sealed."""
        self._ready.clear()

    def enqueue_request(self, request: Request) -> bool:
        """Refuse: only the frontier decides what is fetched."""
        logger.error("a request came past the frontier and is dropped: %s", request.url)
        return False

    def has_pending_requests(self) -> bool:
        """Tell whether the run goes on: something is due, waits for a retry, or is elsewhere."""
        if self._spent():
            return False
        if self._ready:
            return True
        try:
            self._keeper.sync()  # a retry that was settled a moment ago is to be waited for
            return self._next_at() is not None
        except ArchiveError as error:
            end_for(self._crawler, error)
            return True  # not idle: it ends for that cause

    def next_request(self) -> Request | None:
        """Return the next request, or None if no host may be asked yet; a look is due later."""
        if self._spent():
            return None
        try:
            claim = self._next()
        except ArchiveError as error:
            end_for(self._crawler, error)
            return None
        if claim is None:
            return None
        self.given += claim.kind is not LinkKind.REQUISITE
        return self._request(claim)

    def _next(self) -> Claim | None:
        """Return the next claim; requisites beyond their bytes are left to a later run."""
        while self._ready or self._claim():
            claim = self._ready.popleft()
            spent = self._keeper.requisite_bytes >= self._portal.requisite_bytes
            if claim.kind is not LinkKind.REQUISITE or not spent:
                return claim
            self._put_off([claim, *(c for c in self._ready if c.kind is LinkKind.REQUISITE)])
        return None

    def _put_off(self, requisites: Sequence[Claim]) -> None:
        """Leave these requisites, and all that are queued, to a later run."""
        frontier, why = self._keeper.frontier, "requisite_bytes"
        later = frontier.now() + REQUISITE_WAIT
        for claim in requisites:
            self._keeper.settle(Settled(claim, State.FAILED, why, due=later))
        self._ready = deque(c for c in self._ready if c.kind is not LinkKind.REQUISITE)
        frontier.put_off(self._portal.id, LinkKind.REQUISITE, later, why)

    def _claim(self) -> bool:
        if time.monotonic() < self._look_at:
            return False
        if self._alone:
            self._keeper.sync()  # a URL that is fetched alone keeps the others back until it is told
        frontier = self._keeper.frontier
        now = frontier.now()
        self._ready.extend(frontier.claim(self._portal.id, BATCH, now))
        self._count_given_up()
        self._alone = any(claim.died >= SUSPECT for claim in self._ready)
        if self._ready:
            self._wait = POLL[0]
            return True
        self._look_later(now)
        return False

    def _count_given_up(self) -> None:
        """Count, and say, what is given up because worker after worker died with it."""
        lost = self._keeper.frontier.given_up - self._spider.failures[Outcome.WORKER_DIED]
        if lost:
            self._spider.failures[Outcome.WORKER_DIED] += lost
            logger.warning("%d URLs are given up: %d workers died with each", lost, CRASHES)

    def _give_back(self, host: str) -> None:
        """Give back what is held of a host that asked to be left alone."""
        held = [claim for claim in self._ready if claim.host == host]
        if held:
            self._keeper.frontier.release(held)
            self._ready = deque(claim for claim in self._ready if claim.host != host)

    def _look_later(self, now: float) -> None:
        """Look again when something can be due; the engine's own heartbeat is 5 s, too slow."""
        next_at = self._next_at()
        self._wait = min(self._wait * 2, POLL[1])
        wait = self._wait if next_at is None else min(max(next_at - now, POLL[0]), POLL[1])
        self._look_at = time.monotonic() + wait  # a wall clock that is set back would never come
        call_later(wait, self._poke)

    def _poke(self) -> None:
        slot = self._crawler.engine._slot if self._crawler.engine else None
        if slot is not None and slot.closing is None:
            slot.nextcall.schedule()

    def _next_at(self) -> float | None:
        frontier = self._keeper.frontier
        return frontier.next_at(self._portal.id, frontier.now())

    def _spent(self) -> bool:
        if self._max_pages is not None and self.given >= self._max_pages:
            self.budget = "max_pages"
        elif self._max_bytes is not None and self._keeper.bytes >= self._max_bytes:
            self.budget = "max_total_bytes"
        return bool(self.budget)

    def _request(self, claim: Claim) -> Request:
        about = About(
            portal=claim.portal,
            via=claim.via,
            kind=claim.kind,
            hops=claim.hops,
            robots="allowed" if self._portal.robots == "obey" else "ignored",
        )
        return Request(
            claim.url,
            callback=self._spider.parse,
            errback=self._spider.failed,
            headers=self._headers(claim),
            dont_filter=True,
            priority=-claim.priority,
            meta={
                "claim": claim,
                "about": about,
                "download_maxsize": self._portal.max_bytes,
                "download_timeout": self._portal.timeout,
            },
        )

    def _headers(self, claim: Claim) -> dict[str, str]:
        """Return what a request says beyond the usual."""
        if claim.kind is LinkKind.REQUISITE:
            # As a browser asks: without a referrer, many a site shows a picture to nobody.
            told = {"Accept": "*/*", "Referer": referrer(claim)}
            return _validators(claim) | {name: value for name, value in told.items() if value}
        # A full walk needs the listing's links, which a 304 does not tell.
        return {} if self._spider.full and claim.listing else _validators(claim)


def referrer(claim: Claim) -> str:
    """Return the page that needs a requisite, to another origin its origin alone.

    Source: Referrer Policy, "strict-origin-when-cross-origin", which is every browser's default.
    """
    page, wanted = urlsplit(claim.via), urlsplit(claim.url)
    origin = f"{page.scheme}://{page.netloc}/"
    if page.scheme == "https" and wanted.scheme == "http":
        return ""
    return claim.via if (page.scheme, page.netloc) == (wanted.scheme, wanted.netloc) else origin


def _validators(claim: Claim) -> dict[str, str]:
    """Return the conditional headers of a second visit.

    An ETag that nginx weakened (``W/"…"``) never matches at the origin when echoed: the strong
    form is sent.
    """
    headers = {}
    if claim.etag:
        headers["If-None-Match"] = claim.etag.removeprefix("W/")
    if claim.last_modified:
        headers["If-Modified-Since"] = claim.last_modified
    return headers
