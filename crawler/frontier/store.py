"""The frontier: one table of URLs with leases, one of hosts with their clocks.

SQLite serves one machine, PostgreSQL any number of workers on any machines; the code is the
same. Every change is one short transaction, so a worker can die at any moment: what it had
claimed is claimable again when its lease ends, or at once if it ran on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from archive.link import LinkKind
from archive.sqlite import fault, open_engine
from crawler.frontier.claims import choose, died, order, wake
from crawler.frontier.clock import Clock, database_time, machine_time
from crawler.frontier.offers import take
from crawler.frontier.queue import (
    AGAIN,
    due_again,
    hosts_in_queue,
    lapsed,
    next_moments,
    of_host,
    queued,
)
from crawler.frontier.rows import (
    CLAIMABLE,
    LONGEST_WAIT,
    SETTLE,
    WITHDRAW,
    claim_of,
    has_come,
    settled_row,
)
from crawler.frontier.schema import HELD, hosts, make, urls
from crawler.frontier.values import (
    Claim,
    Offer,
    Pending,
    Settled,
    State,
    clock_of,
)
from crawler.frontier.worker import is_dead, worker_name

_MAKING = 0x6D6F7265  # "more": the advisory lock under which PostgreSQL's tables are made

LEASE = 60.0  # seconds; a heartbeat every quarter of it keeps a claim alive


class Frontier:
    """The frontier of one archive. ``url`` is SQLAlchemy's (``sqlite:////…/frontier.sqlite``)."""

    def __init__(self, url: str, *, worker: str = "", clock: Clock | None = None) -> None:
        self.worker = worker or worker_name()
        self.given_up = 0  # URLs, since it was opened, whose workers died one after the other
        # PostgreSQL's usual address means psycopg 3 here, not SQLAlchemy's older default.
        self._engine = open_engine(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
        self._sqlite = self._engine.dialect.name == "sqlite"
        with self._begin() as tx:
            if not self._sqlite:  # two workers that begin together would both make the tables
                tx.execute(select(func.pg_advisory_xact_lock(_MAKING)))
            make(tx)
            self._clock = clock or Clock(machine_time if self._sqlite else database_time)
            self._clock.start(tx)

    def close(self) -> None:
        """Let go of the database; claims stay until :meth:`release` or the end of their lease."""
        self._engine.dispose()

    def now(self) -> float:
        """Return the time that all of the frontier's workers go by, in seconds since the epoch."""
        return self._clock.now()

    def offer(self, portal: str, offers: Iterable[Offer], now: float) -> int:
        """Add the URLs that are new; return how many were.

        A known URL changes only if the offer says ``again`` or ``changed``: then it is due now,
        unless a worker holds it. The first offer's kind stays; a shorter way to what is still
        queued counts, and what makes it more urgent. A URL that was refused is queued by the first offer that gives no reason against it: a feed may vouch for
        what a page's link could not, and an archivist may take a rule back.
        """
        offers = list(offers)
        if not offers:
            return 0
        with self._begin() as tx:
            return take(tx, portal, offers, now)

    def claim(self, portal: str, limit: int, now: float) -> list[Claim]:
        """Take up to ``limit`` URLs that are due, by priority, each host at its own pace.

        A host with a delay gives one URL a call and its clock moves on in the same transaction,
        so no two workers ever ask it within that delay. A URL that several workers died with is
        claimed alone, last, and never while this worker holds another.
        """
        with self._begin() as tx:
            self._clock.look(tx)
            self.given_up += wake(tx, portal, self.worker, now)
            chosen = choose(tx, portal, self.worker, limit, now)
            if not chosen:
                return []
            ids = [row["id"] for row in chosen]
            tx.execute(
                update(urls)
                .where(urls.c.id.in_(ids))
                .values(
                    state=State.CLAIMED,
                    worker=self.worker,
                    token=urls.c.token + 1,
                    lease=now + LEASE,
                    attempts=urls.c.attempts + 1,
                )
            )
        return [claim_of(row) for row in chosen]

    def heartbeat(self, now: float) -> None:
        """Extend the leases of this worker's claims."""
        with self._begin() as tx:
            self._clock.look(tx)
            mine = and_(urls.c.state == State.CLAIMED, urls.c.worker == self.worker, HELD)
            tx.execute(update(urls).where(mine).values(lease=now + LEASE))

    def settle(self, settled: Sequence[Settled]) -> None:
        """Write what became of claims; a claim whose token has moved on is left alone."""
        if not settled:
            return
        with self._begin() as tx:
            tx.execute(SETTLE, [settled_row(one) for one in settled])

    def release(self, claims: Sequence[Claim] | None = None) -> int:
        """Give back, untried, these claims or all that this worker holds; return how many."""
        mine = and_(urls.c.worker == self.worker, HELD)
        if claims is not None:
            mine = and_(mine, urls.c.id.in_([claim.id for claim in claims]))
        with self._begin() as tx:
            done = tx.execute(
                update(urls)
                .where(urls.c.state == State.CLAIMED, mine)
                .values(
                    state=State.QUEUED,
                    token=urls.c.token + 1,
                    lease=None,
                    worker="",
                    attempts=case((urls.c.attempts > 0, urls.c.attempts - 1), else_=0),
                )
            )
        return done.rowcount

    def release_dead(self) -> int:
        """Take back what workers of this machine held when they died; return how many URLs.

        Each has had a try; one that CRASHES workers in a row died with is given up.
        """
        with self._begin() as tx:
            held = select(urls.c.worker).where(urls.c.state == State.CLAIMED, HELD).distinct()
            dead = [str(name) for (name,) in tx.execute(held) if is_dead(str(name))]
            taken, lost = died(tx, and_(urls.c.worker.in_(dead), HELD)) if dead else (0, 0)
        self.given_up += lost
        return taken

    def pace(self, host: str, delay: float, *, at_least: bool = False) -> None:
        """Set the seconds between two requests to ``host``, for all workers.

        ``at_least`` never shortens a delay that is known: what robots.txt asked for stays until
        it is read again.
        """
        name = clock_of(host)
        insert = self._insert(hosts).values(host=name, delay=delay, next_allowed=0.0)
        longer = case((hosts.c.delay > delay, hosts.c.delay), else_=delay)
        with self._begin() as tx:
            tx.execute(
                insert.on_conflict_do_update(
                    index_elements=["host"], set_={"delay": longer if at_least else delay}
                )
            )

    def turn(self, host: str, now: float) -> float:
        """Take the next free moment of a host's clock for a request that is no claim's.

        Returns the epoch second at which to send it: robots.txt, and what had to wait for it.
        """
        at = case((has_come(hosts.c.next_allowed, now), now), else_=hosts.c.next_allowed)
        mine = hosts.c.host == clock_of(host)
        with self._begin() as tx:
            query = select(at, hosts.c.delay).where(mine)
            row = tx.execute(query if self._sqlite else query.with_for_update()).one_or_none()
            if row is None:
                return now
            start, delay = row
            if delay:
                tx.execute(update(hosts).where(mine).values(next_allowed=start + delay))
        return float(start)

    def leaves(self, host: str, now: float) -> None:
        """Count a host's next moment from ``now``, when a request leaves that may be late."""
        at = now + hosts.c.delay
        late = and_(hosts.c.host == clock_of(host), hosts.c.delay > 0, hosts.c.next_allowed < at)
        with self._begin() as tx:
            tx.execute(update(hosts).where(late).values(next_allowed=at))

    def hold(self, host: str, until: float, reason: str) -> None:
        """Let nobody ask ``host`` before ``until`` (epoch seconds); never shortens a hold."""
        row = {"host": clock_of(host), "next_allowed": until, "delay": 0.0, "reason": reason}
        insert = self._insert(hosts).values(row)
        # has_come: not one that a clock since set back has left behind.
        later = case((has_come(hosts.c.next_allowed, until), until), else_=hosts.c.next_allowed)
        with self._begin() as tx:
            tx.execute(
                insert.on_conflict_do_update(
                    index_elements=["host"], set_={"next_allowed": later, "reason": reason}
                )
            )

    def holds(self, names: Iterable[str], now: float) -> list[tuple[float, str]]:
        """Return until when (epoch seconds) hosts are left alone that asked for it, and why."""
        mine = hosts.c.host.in_({clock_of(name) for name in names})
        query = select(hosts.c.next_allowed, hosts.c.reason).where(
            mine, hosts.c.next_allowed > now, hosts.c.reason != ""
        )
        with self._begin() as tx:
            return [(until, reason) for until, reason in tx.execute(query)]

    def withdraw(self, portal: str, judge: Callable[[str, LinkKind], str]) -> int:
        """Take back what a rule of today refuses and an earlier one let in; return how many.

        ``judge`` gives the reason against a URL and its kind, "" for none.
        """
        waiting = and_(urls.c.state.in_(CLAIMABLE), urls.c.due.is_not(None))
        query = select(urls.c.id, urls.c.url, urls.c.kind).where(urls.c.portal == portal, waiting)
        with self._begin() as tx:
            refused = [
                {"_id": number, "_reason": reason}
                for number, url, kind in tx.execute(query)
                if (reason := judge(url, LinkKind(kind)))
            ]
            if refused:
                tx.execute(WITHDRAW, refused)
        return len(refused)

    def put_off(self, portal: str, kind: LinkKind, due: float, reason: str) -> int:
        """Leave what is queued of a kind to a later run; return how many."""
        return self._later(portal, urls.c.kind == kind, due, reason)

    def postpone(self, portal: str, origin: str, due: float, reason: str) -> int:
        """Leave what is queued of an origin (``https://host``) to a later run; return how many."""
        its = urls.c.url.startswith(origin + "/", autoescape=True)
        return self._later(portal, its, due, reason)

    def _later(self, portal: str, which: Any, due: float, reason: str) -> int:
        mine = and_(urls.c.portal == portal, urls.c.state == State.QUEUED, which)
        with self._begin() as tx:
            later = {"state": State.FAILED, "due": due, "outcome": reason}
            return tx.execute(update(urls).where(mine).values(later)).rowcount

    def next_at(self, portal: str, now: float) -> float | None:
        """Return when something can be claimed, None if nothing is left to this run."""
        with self._begin() as tx:
            return min(next_moments(tx, portal, self.worker, now), default=None)

    def pending(self, portal: str, now: float) -> Pending:
        """Count what is left of a portal; claims of this worker are its own business.

        It reads an index entry for each that is queued; :meth:`next_at` reads a few in all.
        """
        others = and_(urls.c.state == State.CLAIMED, urls.c.worker != self.worker)
        later = and_(urls.c.due > now, urls.c.due <= now + LONGEST_WAIT)
        with self._begin() as tx:
            waiting = _count(tx, queued(portal), later)
            again = sum(_count(tx, due_again(portal, state, now)) for state in AGAIN)
            return Pending(
                due=_count(tx, queued(portal)) - waiting + again,
                waiting=waiting,
                claimed=_count(tx, urls.c.portal == portal, others),
                next_at=min(next_moments(tx, portal, self.worker, now), default=None),
            )

    def due(self, portal: str, now: float) -> list[Claim]:
        """Return what a run would fetch first, in its order, without taking it."""
        most = 10_000
        later = or_(*(due_again(portal, state, now) for state in AGAIN))
        lost = and_(urls.c.portal == portal, lapsed(now, self.worker))
        by_order = (urls.c.priority, urls.c.id)
        with self._begin() as tx:
            queries = [
                of_host(portal, host, most, now) for host, _, _ in hosts_in_queue(tx, portal)
            ]
            queries += [
                select(urls).where(w).order_by(*by_order).limit(most) for w in (later, lost)
            ]
            rows = [row for query in queries for row in tx.execute(query).mappings()]
        rows.sort(key=order)
        return [claim_of(row) for row in rows[:most]]

    def next_due(self, portal: str) -> datetime | None:
        """Return when the next URL of a portal is due, in UTC; None if none ever is again.

        The earliest of its listings' next readings, its stories' later visits, what is queued and
        what was left to a later run, each no sooner than its host may be asked. What is due
        already gives a time that has passed.
        """
        starts = func.max if self._sqlite else func.greatest
        when = case((urls.c.state == State.CLAIMED, urls.c.lease), else_=urls.c.due)
        allowed = func.coalesce(hosts.c.next_allowed, 0.0)
        query = (
            select(func.min(starts(when, allowed)))
            .select_from(urls.outerjoin(hosts, hosts.c.host == urls.c.host))
            .where(urls.c.portal == portal, urls.c.state != State.SKIPPED, when.is_not(None))
        )
        with self._begin() as tx:
            first = tx.execute(query).scalar()
        return None if first is None else datetime.fromtimestamp(first, UTC)

    def newer(self, portal: str, keys: Sequence[str], since: float) -> int:
        """Count those of ``keys`` that were met for the first time after ``since``."""
        query = select(func.count()).where(
            urls.c.portal == portal, urls.c.key.in_(keys), urls.c.offered > since
        )
        with self._begin() as tx:
            return int(tx.execute(query).scalar_one())

    def why(self, url: str, key: str) -> list[dict[str, Any]]:
        """Return every row that is known of a URL, newest portal first, as dicts by column."""
        query = select(urls).where(or_(urls.c.url == url, urls.c.key == key))
        with self._begin() as tx:
            return [dict(row) for row in tx.execute(query).mappings()]

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """Open a transaction. Raises ``DiskFull`` or ``StoreError`` if the engine fails."""
        try:
            with self._engine.begin() as tx:
                yield tx
        except DBAPIError as error:
            raise fault(error, f"the frontier {self._engine.url.render_as_string()}") from error

    def _insert(self, table: Any) -> Any:
        return sqlite.insert(table) if self._sqlite else postgresql.insert(table)


def _count(tx: Connection, *conditions: Any) -> int:
    return int(tx.execute(select(func.count()).select_from(urls).where(*conditions)).scalar_one())
