"""The one spider: what a portal's answer leads to."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urljoin

from scrapy import Spider
from scrapy.http import Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import DeferredLock
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from archive.errors import ArchiveError, DiskFull, StoreError
from archive.link import Link, LinkKind
from archive.links.listed import Listing
from archive.links.listing import read_listing
from archive.links.page import PageLinks, read_page
from archive.links.requisites import read_requisites
from crawler.answer import header, outcome_of, said_location, told_validators
from crawler.capture import KEPT_ONLY
from crawler.ending import end_for
from crawler.frontier import Claim, Frontier, Offer, Outcome, Settled
from crawler.frontier.values import State
from crawler.keeper import Keeper
from crawler.paces import Paces
from crawler.plan import seeds
from crawler.politeness import (
    ROBOTS_AGE,
    ROBOTS_RETRY,
    Rules,
    back_off,
    origin_of,
    sitemap_links,
)
from crawler.portal import Declaration
from crawler.recrawl import (
    FOUND_BOUNDS,
    GONE_AGAIN,
    HOUR,
    NAMED_BOUNDS,
    Pulse,
    first_pulse,
    next_pulse,
    next_try,
    next_visit,
)
from crawler.scope import PAGE_NUMBER, Scope, clean, is_listing, is_part_of, key_of
from crawler.walk import FEW_STORIES, Walk

logger = logging.getLogger(__name__)

_Read = TypeVar("_Read")
_ONE_LARGE = DeferredLock()

MAX_REDIRECTS = 10
MAX_BUSY = 5  # times in a row that a host says 429 or 503; then it is left to a later run
MAX_SILENT = 20  # requests in a row without an answer; then the origin is left to a later run
SILENCE = (Outcome.DNS, Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.DISCONNECT, Outcome.TLS)
MAX_SEEN = 2_000_000  # hashes, some 150 MB; then they are forgotten: it costs a look-up a link
MAX_PAGE_LINKS = 5_000  # the richest home pages have a thousand
REDIRECTS = (301, 302, 303, 307, 308)
FOR_GOOD = (301, 308)  # the address has moved: its target is what may still change
MAX_ITEMS = 500  # of a listing are asked about; a longer one is a sitemap and is read hourly
SOME_LINKS = 1000  # of a listing are offered at a time; between them, others have their turn
LISTS = (LinkKind.FEED, LinkKind.SITEMAP, LinkKind.REST)
APART_BYTES = 500_000
GZIP = b"\x1f\x8b"  # however small, it may unpack to 50 MB
LINK_BYTES = 60_000_000  # a page larger than this is kept, but its links are not read here


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer listed: the keys of its items, and whether it is a listing at all."""

    keys: frozenset[str] = frozenset()
    listing: bool = False


class PortalSpider(Spider):
    """Driven by a portal's declaration and the frontier; ``name`` is the portal's id."""

    name = "portal"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.failures: Counter[str] = Counter()  # by cause

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> PortalSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.portal = crawler.settings["MORESTORIES_PORTAL"]
        spider.scope = Scope(spider.portal, crawler.settings["MORESTORIES_EXCLUDED"])
        spider.full = crawler.settings.getbool("MORESTORIES_FULL")
        spider.due_only = crawler.settings.getbool("MORESTORIES_DUE_ONLY")
        spider._seen = set()
        spider._again = set()
        spider._chains = {}
        spider._strikes = Counter()
        spider._busy_until = {}
        spider._front = set()
        return spider

    portal: Declaration
    scope: Scope
    held: Callable[[str], None]  # the scheduler's: what it holds of a host goes back
    full: bool
    due_only: bool  # also what the portal's file names is read only when it is due
    _seen: set[int]  # hashes of the links that this run has offered
    _again: set[int]  # of those that it has asked for anew: once each, or two lists loop for ever
    _chains: dict[str, int]  # the target of a redirect: how many led to it
    _strikes: Counter[str]  # origin: requests in a row that it gave no answer to
    _busy_until: dict[str, float]  # host: the end of its last back-off
    _front: set[str]  # keys of the stories that stand on the first page of a listing
    _began: float  # when this run did
    paces: Paces  # the host clocks of this run
    _walk: Walk

    async def start(self) -> AsyncIterator[Any]:
        """Yield nothing: the scheduler seeds the frontier."""
        nothing: tuple[Any, ...] = ()
        for request in nothing:
            yield request

    def seed(self) -> None:
        """Offer what the declaration names, to be fetched now even if it was before."""
        self._began = self._frontier.now()
        self.paces = Paces(self._frontier, self.portal.delay)
        self.paces.meet(self.portal.hosts)
        self._walk = Walk(full=self.full)
        self._offer_named(seeds(self.portal))

    def heed(self, origin: str, rules: Rules) -> None:
        """Obey a robots.txt: its Crawl-delay, and its sitemaps."""
        self.paces.heed(origin, rules.delay)
        self._offer_named(sitemap_links(rules))

    def _offer_named(self, links: Iterable[Link]) -> None:
        """Offer listings to be read in this run, or, in a run of what is due, at their time."""
        fresh = list(self._fresh(links, 0, True))
        offers = list(self.scope.offers(fresh, via="", hops=0, again=True))
        if self.due_only:
            offers = [replace(offer, again=False) for offer in offers]
        self._frontier.offer(self.portal.id, offers, self._frontier.now())

    async def parse(self, response: Response, **_: Any) -> None:
        """Offer what an answer leads to, then settle its claim."""
        try:
            await self._take(response, response.meta["claim"], self._frontier.now())
        except ArchiveError as error:
            end_for(self.crawler, error)

    async def _take(self, response: Response, claim: Claim, now: float) -> None:
        self.paces.adapt(claim.host, response.meta.get("download_latency", 0.0))
        until = back_off(response.status, header(response, b"Retry-After"), now)
        if until is not None:
            logger.warning(
                "%s: %d, leaving %s alone for %.0f s",
                response.url,
                response.status,
                claim.host,
                until - now,
            )
            self._frontier.hold(claim.host, until, str(response.status))
            self.held(claim.host)
            self._busy(claim, str(response.status), now, until)
            return
        self._strikes.pop(origin_of(claim.url), None)
        if response.status >= 500:
            self._retry(claim, str(response.status))
            return
        shown = None
        try:
            if spelling := self._other_spelling(response, claim):
                self._keeper.settle(
                    Settled(claim, State.QUEUED, str(response.status), due=now, url=spelling)
                )
                return
            shown = await self._follow(response, claim, now)
        except ArchiveError:
            raise
        except Exception:  # one bad page never stops a crawl; it is kept, its links are not known
            logger.exception("%s: its links cannot be read", response.url)
            self.failures["links_unread"] += 1
        self._settle(response, claim, now, shown)

    def failed(self, failure: Failure) -> None:
        """Settle a claim that got no answer: tried again later, or given up with its reason."""
        try:
            self._fail(failure, failure.request.meta["claim"])  # type: ignore[attr-defined]
        except ArchiveError as error:
            end_for(self.crawler, error)

    def _fail(self, failure: Failure, claim: Claim) -> None:
        if isinstance(failure.value, StoreError | DiskFull):
            raise failure.value  # the frontier failed a middleware; no page is to blame
        now = self._frontier.now()
        outcome = outcome_of(failure)
        self.failures[outcome] += 1
        logger.info("%s: %s (%s)", claim.url, outcome, failure.getErrorMessage())
        if outcome in (Outcome.ROBOTS, Outcome.PRIVATE_ADDRESS):
            self._give(claim, State.SKIPPED, outcome, now + ROBOTS_AGE)
        elif outcome is Outcome.TOO_LARGE:
            self._give(claim, State.FAILED, outcome)
        elif outcome is Outcome.ROBOTS_UNREACHABLE:
            self._leave(claim, outcome, now + ROBOTS_RETRY)
        elif outcome in SILENCE and self._strike(claim) >= MAX_SILENT:
            self._leave(claim, outcome, now + HOUR)
        else:
            self._retry(claim, outcome)

    def _busy(self, claim: Claim, status: str, now: float, until: float) -> None:
        """Leave a host alone that asks for it; what was in flight with the first counts once."""
        if now >= self._busy_until.get(claim.host, 0.0):
            self._strike(claim)
        self._busy_until[claim.host] = until
        if self._strikes[origin_of(claim.url)] >= MAX_BUSY:
            self._leave(claim, status, max(until, now + HOUR))
        else:
            self._give(claim, State.QUEUED, status, until)

    def _strike(self, claim: Claim) -> int:
        """Count one more request in a row that an origin gave no answer to."""
        self._strikes[origin_of(claim.url)] += 1
        return self._strikes[origin_of(claim.url)]

    def _leave(self, claim: Claim, outcome: str, due: float) -> None:
        """Leave a whole origin to a later run, so that this one ends: URL by URL it would not."""
        origin = origin_of(claim.url)
        self._give(claim, State.FAILED, outcome, due)
        self.held(claim.host)
        left = self._frontier.postpone(self.portal.id, origin, due, outcome)
        if left:
            logger.warning("%s: %s, %d addresses are left to a later run", origin, outcome, left)

    async def _follow(self, response: Response, claim: Claim, now: float) -> Shown | None:
        if claim.kind is LinkKind.REQUISITE:
            await self._need(response, claim, now)
        elif response.status in REDIRECTS:
            self._redirect(response, claim, now)
        elif response.status == 200:
            return await self._read(response, claim, now)
        return None

    async def _read(self, response: Response, claim: Claim, now: float) -> Shown | None:
        content_type = header(response, b"Content-Type")
        if len(response.body) > LINK_BYTES or KEPT_ONLY in response.flags:
            logger.warning("%s: too large, kept but its links are not read", response.url)
            self.failures["links_unread"] += 1
            return None
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ]
        source = {"url": response.url, "content_type": content_type}
        listing = await _apart(read_listing, response.body, headers=headers, **source)
        if listing is None:
            if claim.listing and claim.kind in LISTS:
                logger.warning("%s: a page instead of a feed or sitemap", response.url)
                self.failures["no_listing"] += 1
            page = await _apart(read_page, response.body, **source)
            self._offer_page(page, claim, now)
            shown = Shown(self._keys(page.stories), page.listing)
            if not page.listing or claim.kind is LinkKind.SEED:
                await self._need(response, claim, now)
        else:
            if listing.problem:
                logger.warning("%s: %s", response.url, listing.problem)
                self.failures["listing_damaged"] += 1
            await self._offer_listing(listing, claim, now)
            shown = Shown(self._keys(listing.links), True)
        if claim.kind is not LinkKind.SITEMAP and _is_first_page(claim):
            self._front |= shown.keys
        return shown

    async def _need(self, response: Response, claim: Claim, now: float) -> None:
        """Offer what a page or a stylesheet needs to look right, or where a requisite has moved."""
        if self.portal.capture != "page+requisites":
            return
        content_type = header(response, b"Content-Type")
        needed: tuple[str, ...] = ()
        location = response.headers.get(b"Location")
        if response.status in REDIRECTS and location:
            self._chains[claim.url] = length = self._chains.get(claim.via, 0) + 1
            target = urljoin(response.url, said_location(location))
            needed = (target,) if length <= MAX_REDIRECTS else ()
        elif claim.kind is not LinkKind.REQUISITE or content_type.lower().startswith("text/css"):
            source = {"url": response.url, "content_type": content_type}
            needed = await _apart(read_requisites, response.body, **source)
        hops = claim.hops + 1
        links = (Link(url, LinkKind.REQUISITE) for url in needed)
        fresh = [link.url for link in self._fresh(links, hops, again=False)]
        offers = list(self.scope.requisites(fresh, via=claim.url, hops=hops, now=now))
        self.paces.meet(offer.host for offer in offers)
        if offers:
            self._frontier.offer(self.portal.id, offers, now)

    def _keys(self, links: Iterable[Link]) -> frozenset[str]:
        """Return the keys of the first items of a listing that are the portal's own."""
        keys = set()
        for link in islice(links, MAX_ITEMS):
            try:
                url = clean(link.url)
            except ValueError:
                continue
            if self.portal.covers(url):
                keys.add(key_of(url))
        return frozenset(keys)

    async def _offer_listing(self, listing: Listing, claim: Claim, now: float) -> None:
        """Offer what a feed, sitemap or REST answer lists, and its next page.

        WordPress's REST names every public post. Once it has been walked to its end, the other
        listings, which say the same ten at a time, go on only while they say something new.
        """
        new = 0
        for start in range(0, len(listing.links), SOME_LINKS):
            some = listing.links[start : start + SOME_LINKS]
            new += self._offer(some, now, via=claim.url, hops=claim.hops + 1)
            await asyncio.sleep(0)
        self._offer(listing.children, now, via=claim.url, hops=claim.hops + 1, again=True)
        rest = listing.kind == "rest"
        next_page = [
            Link(url, LinkKind.REST if rest else LinkKind.PAGINATION) for url in listing.next
        ]
        self._page_on(next_page, claim, now, new=new, again=True)
        if rest:
            self._walk.read_rest(listing)
        for held in self._walk.doubt(claim, new):
            logger.info("%s: names what REST does not: the listings are walked", claim.url)
            offers = self.scope.offers(held.links, via=held.via, hops=held.hops, again=held.again)
            self._frontier.offer(self.portal.id, list(offers), now)

    def _page_on(
        self, links: Sequence[Link], claim: Claim, now: float, *, new: int, again: bool
    ) -> None:
        """Offer a listing's next page, if the walk goes on."""
        if new or self._walk.goes_on(claim):
            self._offer(links, now, via=claim.url, hops=claim.hops, again=again)
        else:
            self._walk.hold(links, via=claim.url, hops=claim.hops, again=again)

    def _offer_page(self, page: PageLinks, claim: Claim, now: float) -> None:
        """Offer a page's links; the next page of a listing only while there is something new.

        A later crawl so reads as many pages of a listing as hold new stories, and one more.
        """
        links = page.links[:MAX_PAGE_LINKS]
        if len(page.links) > MAX_PAGE_LINKS:
            logger.warning(
                "%s: %d links, the first %d count", claim.url, len(page.links), MAX_PAGE_LINKS
            )
        endless = claim.listing and self._walk.was_listed(links)
        pagination = [link for link in links if link.kind is LinkKind.PAGINATION]
        feeds = [link for link in links if link.kind is LinkKind.FEED]
        others = [link for link in links if link.kind not in (LinkKind.PAGINATION, LinkKind.FEED)]
        # A section's feed says what REST has said.
        known = "rest_lists_all" if self._walk.tells else ""
        self._walk.hold(feeds, via=claim.url, hops=claim.hops + 1)
        offers = self._offers(feeds, claim.url, claim.hops + 1, reason=known)
        offers += self._offers(others, claim.url, claim.hops + 1, again=self.full)
        new = self._frontier.offer(self.portal.id, offers, now)
        if endless and not new:
            logger.info("%s: points where another page did, not paged further", claim.url)
        elif claim.listing:
            self._page_on(pagination, claim, now, new=new, again=claim.visits > 0)
        elif page.listing:
            self._offer(pagination, now, via=claim.url, hops=claim.hops)
        else:
            self._offer_parts(pagination, claim, now)

    def _offer_parts(self, links: Iterable[Link], claim: Claim, now: float) -> None:
        """Offer the other pages of a story, again in each run in which one of them has changed.

        An editor who adds a paragraph to page 2 may leave page 1 as it was, or the other way round.
        """
        fresh = self._fresh(links, claim.hops, False)
        offers = [
            replace(offer, listing=_lists(offer.url, claim.url), changed=self._began)
            for offer in self.scope.offers(fresh, via=claim.url, hops=claim.hops)
        ]
        if key_of(claim.url) in self._front:
            self._front |= {offer.key for offer in offers}
        if offers:
            self._frontier.offer(self.portal.id, offers, now)

    def _redirect(self, response: Response, claim: Claim, now: float) -> None:
        location = response.headers.get(b"Location")
        if not location:
            return
        length = self._chains.get(claim.url, 0) + 1
        if length > MAX_REDIRECTS:
            logger.warning("%s: more than %d redirects", response.url, MAX_REDIRECTS)
            return
        target = urljoin(response.url, said_location(location))
        self._chains[clean(target)] = length
        # The answer stands for the address that was asked for: no link further from the seed, and
        # where a listing has moved to is read whenever the listing is.
        link = Link(target, LinkKind.REDIRECT)
        again = claim.listing and _is_first_page(claim)
        self._offer([link], now, via=claim.url, hops=claim.hops, again=again)

    def _other_spelling(self, response: Response, claim: Claim) -> str:
        """Return the target of a redirect that differs in spelling alone, "" if there is none.

        It is the same URL by its key, so the frontier would take it for fetched.
        """
        location = response.headers.get(b"Location")
        if response.status not in REDIRECTS or not location or claim.attempts > MAX_REDIRECTS:
            return ""
        target = clean(urljoin(response.url, said_location(location)))
        same = target != claim.url and key_of(target) == key_of(claim.url)
        return target if same else ""

    def _offer(
        self, links: Iterable[Link], now: float, *, via: str, hops: int, again: bool = False
    ) -> int:
        """Offer links; return how many URLs were new. ``now`` is when the page came that has them."""
        return self._frontier.offer(self.portal.id, self._offers(links, via, hops, again), now)

    def _offers(
        self, links: Iterable[Link], via: str, hops: int, again: bool = False, reason: str = ""
    ) -> list[Offer]:
        """Judge links that this run has not offered yet; ``reason`` is against all of them."""
        fresh = self._fresh(links, hops, again)
        offers = self.scope.offers(fresh, via=via, hops=hops, again=again)
        return [
            replace(offer, reason=offer.reason or reason) if reason else offer for offer in offers
        ]

    def _fresh(self, links: Iterable[Link], hops: int, again: bool) -> Iterator[Link]:
        """Yield what was not offered yet; where depth is limited, at each depth that it is met."""
        seen = self._again if again else self._seen
        if len(seen) > MAX_SEEN:
            seen.clear()
        depth = None if self.portal.max_depth is None else hops
        for link in links:
            mark = hash((link.url, link.kind, depth))
            if mark not in seen:
                seen.add(mark)
                yield link

    def _settle(self, response: Response, claim: Claim, now: float, shown: Shown | None) -> None:
        """Say what the answer was and when to come back."""
        status = response.status
        lists = claim.listing or _is_section(shown)
        pulse = self._pulse(claim, shown, now) if lists and _is_first_page(claim) else None
        gone = status in (404, 410) and claim.kind is not LinkKind.REQUISITE
        due: float | None
        if pulse is not None and not (gone and claim.via):
            due = now + pulse.every
        elif gone:
            known = claim.visits and claim.outcome not in ("404", "410")
            due = now + GONE_AGAIN if known else None
        elif lists or status in FOR_GOOD or claim.kind is LinkKind.REQUISITE:
            due = None
        else:
            front = key_of(claim.url) in self._front
            due = next_visit(claim.visits + 1, now, claim.first_fetched, front=front)
        etag, modified = told_validators(response, claim)
        self._keeper.settle(
            Settled(
                claim,
                State.DONE,
                str(status),
                now,
                due,
                etag,
                modified,
                pulse=pulse,
                listing=lists,
            )
        )

    def _pulse(self, claim: Claim, shown: Shown | None, now: float) -> Pulse:
        """Return how a listing changes; what is new in it was met after it was last read."""
        named = not claim.via or claim.kind is LinkKind.REDIRECT
        keys = sorted(shown.keys) if shown else []
        count = len(keys) if shown else claim.pulse.shown  # 304: it shows what it showed
        if not claim.pulse.every or claim.fetched is None:
            return first_pulse(count, named=named)
        new = self._frontier.newer(self.portal.id, keys, claim.fetched) if keys else 0
        bounds = NAMED_BOUNDS if named else FOUND_BOUNDS
        return next_pulse(claim.pulse, count, new, now - claim.fetched, bounds)

    def _retry(self, claim: Claim, outcome: str) -> None:
        due, waits = next_try(claim.attempts, self._frontier.now())
        if not waits:
            logger.warning("%s: given up after %d tries: %s", claim.url, claim.attempts, outcome)
        self._give(claim, State.QUEUED if waits else State.FAILED, outcome, due)

    def _give(self, claim: Claim, state: State, outcome: str, due: float | None = None) -> None:
        self._keeper.settle(
            Settled(claim, state, outcome, None, due, claim.etag, claim.last_modified)
        )

    @property
    def _keeper(self) -> Keeper:
        keeper = self.crawler.get_extension(Keeper)
        assert keeper is not None
        return keeper

    @property
    def _frontier(self) -> Frontier:
        return self._keeper.frontier


async def _apart(read: Callable[..., _Read], payload: bytes, **source: Any) -> _Read:
    """Read a large payload in a thread: a sitemap of 50,000 URLs takes a second of CPU.

    One at a time: a listing of 50 MB takes 400 MB to read, and a site may name eight of them.
    """
    if len(payload) < APART_BYTES and not payload.startswith(GZIP):
        return read(payload, **source)
    reading = _ONE_LARGE.run(lambda: deferToThread(read, payload, **source))
    return await maybe_deferred_to_future(reading)


def _is_first_page(claim: Claim) -> bool:
    """Tell whether a listing is read for what is new: it is named, or no later part of another."""
    if not claim.via:
        return True
    parts = (LinkKind.PAGINATION, LinkKind.REST, LinkKind.SITEMAP)
    return claim.kind not in parts and not PAGE_NUMBER.search(claim.url)


def _lists(url: str, story: str) -> bool:
    """Tell whether what a story calls its next page lists stories: no page of the story does."""
    return is_listing(url) and not is_part_of(url, story)


def _is_section(shown: Shown | None) -> bool:
    """Tell whether a page that no address betrayed turned out to list stories."""
    return shown is not None and shown.listing and len(shown.keys) >= FEW_STORIES
