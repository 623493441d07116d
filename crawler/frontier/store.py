"""The frontier: one table of URLs with leases, one of hosts with their clocks.

SQLite serves one machine, PostgreSQL any number of workers on any machines; the code is the
same. Every change is one short transaction, so a worker can die at any moment: what it had
claimed is claimable again when its lease ends, or at once if it ran on this machine.
"""

from __future__ import annotations

import os
import re
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    case,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from archive.sqlite import fault, open_engine
from crawler.frontier.rows import (
    AGAIN,
    CLAIMABLE,
    REOPEN,
    SETTLE,
    WITHDRAW,
    claim_of,
    has_come,
    is_due,
    offered_row,
    reopened_row,
    settled_row,
)
from crawler.frontier.schema import hosts, metadata, urls
from crawler.frontier.values import Claim, Offer, Pending, Settled, State

_MAKING = 0x6D6F7265  # "more": the advisory lock under which PostgreSQL's tables are made

LEASE = 60.0  # seconds; a heartbeat every quarter of it keeps a claim alive


def worker_name() -> str:
    """Name this process so that another on the same machine can tell whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Frontier:
    """The frontier of one archive. ``url`` is SQLAlchemy's (``sqlite:////…/frontier.sqlite``)."""

    def __init__(self, url: str, *, worker: str = "") -> None:
        self.worker = worker or worker_name()
        # PostgreSQL's usual address means psycopg 3 here, not SQLAlchemy's older default.
        self._engine = open_engine(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
        self._sqlite = self._engine.dialect.name == "sqlite"
        with self._begin() as tx:
            if not self._sqlite:  # two workers that begin together would both make the tables
                tx.execute(select(func.pg_advisory_xact_lock(_MAKING)))
            metadata.create_all(tx)

    def close(self) -> None:
        """Let go of the database; claims stay until :meth:`release` or the end of their lease."""
        self._engine.dispose()

    def offer(self, portal: str, offers: Iterable[Offer], now: float) -> int:
        """Add the URLs that are new; return how many were.

        A known URL changes only if the offer says ``again`` or ``changed``: then it is due now,
        unless a worker holds it. The first offer's kind, via and hops stay. A URL that was
        refused is queued by the first offer that gives no reason against it: a feed may vouch for
        what a page's link could not, and an archivist may take a rule back.
        """
        by_key: dict[str, Offer] = {}
        for one in offers:
            by_key.setdefault(one.key, one)
        if not by_key:
            return 0
        with self._begin() as tx:
            known = _known(tx, portal, list(by_key))
            fresh = [
                offered_row(portal, one, now) for key, one in by_key.items() if key not in known
            ]
            refused = [
                reopened_row(one, now)
                for key, one in by_key.items()
                if known.get(key) == State.SKIPPED and not one.reason
            ]
            if fresh:
                tx.execute(self._insert(urls).on_conflict_do_nothing(), fresh)
            again = [
                {
                    "_key": one.key,
                    "_before": now if one.again else one.changed,
                    "_listing": int(one.listing),
                }
                for one in by_key.values()
                if one.key in known and not one.reason and (one.again or one.changed)
            ]
            if again:
                tx.execute(AGAIN.where(urls.c.portal == portal), again)
            if refused:
                tx.execute(REOPEN.where(urls.c.portal == portal), refused)
        return sum(1 for row in fresh if row["state"] == State.QUEUED)

    def claim(self, portal: str, limit: int, now: float) -> list[Claim]:
        """Take up to ``limit`` URLs that are due, by priority, each host at its own pace.

        A host with a delay gives one URL a call and its clock moves on in the same transaction,
        so no two workers ever ask it within that delay.
        """
        with self._begin() as tx:
            rows = tx.execute(self._due(portal, limit, now)).mappings().all()
            chosen = self._paced(tx, rows, now)
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
            mine = and_(urls.c.state == State.CLAIMED, urls.c.worker == self.worker)
            tx.execute(update(urls).where(mine).values(lease=now + LEASE))

    def settle(self, settled: Sequence[Settled]) -> None:
        """Write what became of claims; a claim whose token has moved on is left alone."""
        if not settled:
            return
        with self._begin() as tx:
            tx.execute(SETTLE, [settled_row(one) for one in settled])

    def release(self, claims: Sequence[Claim] | None = None) -> int:
        """Give back, untried, these claims or all that this worker holds; return how many."""
        mine = urls.c.worker == self.worker
        if claims is not None:
            mine = and_(mine, urls.c.id.in_([claim.id for claim in claims]))
        return self._release(mine)

    def release_dead(self) -> int:
        """Give back what workers of this machine held when they died; return how many."""
        prefix = socket.gethostname() + ":"
        with self._begin() as tx:
            held = select(urls.c.worker).where(urls.c.state == State.CLAIMED).distinct()
            names = [str(name) for (name,) in tx.execute(held)]
        dead = [n for n in names if n.startswith(prefix) and not _alive(int(n.split(":")[-2]))]
        return self._release(urls.c.worker.in_(dead)) if dead else 0

    def pace(self, host: str, delay: float, *, at_least: bool = False) -> None:
        """Set the seconds between two requests to ``host``, for all workers.

        ``at_least`` never shortens a delay that is known: what robots.txt asked for stays until
        it is read again.
        """
        insert = self._insert(hosts).values(host=host, delay=delay, next_allowed=0.0)
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
        mine = hosts.c.host == host
        with self._begin() as tx:
            query = select(at, hosts.c.delay).where(mine)
            row = tx.execute(query if self._sqlite else query.with_for_update()).one_or_none()
            if row is None:
                return now
            start, delay = row
            if delay:
                tx.execute(update(hosts).where(mine).values(next_allowed=start + delay))
        return float(start)

    def hold(self, host: str, until: float, reason: str) -> None:
        """Let nobody ask ``host`` before ``until`` (epoch seconds); never shortens a hold."""
        insert = self._insert(hosts).values(host=host, next_allowed=until, delay=0.0, reason=reason)
        # has_come: not one that a clock since set back has left behind.
        later = case((has_come(hosts.c.next_allowed, until), until), else_=hosts.c.next_allowed)
        with self._begin() as tx:
            tx.execute(
                insert.on_conflict_do_update(
                    index_elements=["host"], set_={"next_allowed": later, "reason": reason}
                )
            )

    def withdraw(self, portal: str, judge: Callable[[str], str]) -> int:
        """Take back what a rule of today refuses and an earlier one let in; return how many.

        ``judge`` gives the reason against a URL, "" for none.
        """
        waiting = and_(urls.c.state.in_(CLAIMABLE), urls.c.due.is_not(None))
        query = select(urls.c.id, urls.c.url).where(urls.c.portal == portal, waiting)
        with self._begin() as tx:
            refused = [
                {"_id": number, "_reason": reason}
                for number, url in tx.execute(query)
                if (reason := judge(url))
            ]
            if refused:
                tx.execute(WITHDRAW, refused)
        return len(refused)

    def postpone(self, portal: str, origin: str, due: float, reason: str) -> int:
        """Leave what is queued of an origin (``https://host``) to a later run; return how many."""
        mine = and_(
            urls.c.portal == portal,
            urls.c.state == State.QUEUED,
            urls.c.url.startswith(origin + "/", autoescape=True),
        )
        with self._begin() as tx:
            later = {"state": State.FAILED, "due": due, "outcome": reason}
            return tx.execute(update(urls).where(mine).values(later)).rowcount

    def pending(self, portal: str, now: float) -> Pending:
        """Count what is left of a portal; claims of this worker are its own business."""
        due = is_due(now)
        waits = and_(urls.c.state == State.QUEUED, not_(has_come(urls.c.due, now)))
        others = and_(urls.c.state == State.CLAIMED, urls.c.worker != self.worker)
        start = (
            func.max(urls.c.due, hosts.c.next_allowed)
            if self._sqlite
            else func.greatest(urls.c.due, hosts.c.next_allowed)
        )
        counts = select(
            func.count(case((due, 1))),
            func.count(case((waits, 1))),
            func.count(case((others, 1))),
            func.min(
                case((or_(waits, due), func.coalesce(start, urls.c.due)), (others, urls.c.lease))
            ),
        ).select_from(urls.outerjoin(hosts, hosts.c.host == urls.c.host))
        # What is done and not due need not be read: it is most of a portal that was crawled for long.
        left = or_(urls.c.state.in_((State.QUEUED, State.CLAIMED)), due)
        with self._begin() as tx:
            row = tx.execute(counts.where(urls.c.portal == portal, left)).one()
        return Pending(*row)

    def due(self, portal: str, now: float) -> list[Claim]:
        """Return what a run would fetch first, in its order, without taking it."""
        query = self._due(portal, 10_000, now, read_only=True)
        with self._begin() as tx:
            return [claim_of(row) for row in tx.execute(query).mappings()]

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

    def _release(self, whose: Any) -> int:
        with self._begin() as tx:
            done = tx.execute(
                update(urls)
                .where(urls.c.state == State.CLAIMED, whose)
                .values(
                    state=State.QUEUED,
                    token=urls.c.token + 1,
                    lease=None,
                    attempts=case((urls.c.attempts > 0, urls.c.attempts - 1), else_=0),
                )
            )
        return done.rowcount

    def _due(self, portal: str, limit: int, now: float, *, read_only: bool = False) -> Select[Any]:
        # Its own claims never lapse for a worker: after a sleep or a jump of the clock it goes on.
        others = and_(urls.c.state == State.CLAIMED, urls.c.worker != self.worker)
        lapsed = and_(others, urls.c.lease <= now)
        query = (
            select(urls, hosts.c.delay)
            .outerjoin(hosts, hosts.c.host == urls.c.host)
            .where(urls.c.portal == portal, or_(is_due(now), lapsed))
            .where(or_(hosts.c.next_allowed.is_(None), has_come(hosts.c.next_allowed, now)))
            .order_by(urls.c.priority, urls.c.id)
            .limit(limit)
        )
        if self._sqlite or read_only:
            return query
        return query.with_for_update(of=urls, skip_locked=True)

    def _paced(self, tx: Connection, rows: Sequence[Any], now: float) -> list[Any]:
        """Keep one row a host that has a delay, if its clock can be moved on; all of the others."""
        chosen, asked = [], set()
        for row in rows:
            delay = row["delay"]
            if delay:
                if row["host"] in asked:
                    continue
                asked.add(row["host"])
                moved = tx.execute(
                    update(hosts)
                    .where(hosts.c.host == row["host"], has_come(hosts.c.next_allowed, now))
                    .values(next_allowed=now + delay)
                )
                if not moved.rowcount:
                    continue  # another worker was faster
            chosen.append(row)
        return chosen


def _known(tx: Connection, portal: str, keys: list[str]) -> dict[str, str]:
    """Return the state of each key that is known."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), 500):  # SQLite's oldest limit is 999 variables
        some = keys[start : start + 500]
        query = select(urls.c.key, urls.c.state)
        query = query.where(urls.c.portal == portal, urls.c.key.in_(some))
        found.update((key, state) for key, state in tx.execute(query))
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
