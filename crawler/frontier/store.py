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
    bindparam,
    case,
    create_engine,
    event,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from archive.errors import ArchiveError, DiskFull, StoreError
from archive.link import LinkKind
from crawler.frontier.schema import hosts, metadata, urls
from crawler.frontier.values import Claim, Offer, Pending, Settled, State

_CLAIMABLE = (State.QUEUED, State.DONE, State.FAILED)  # where ``due`` has come

AT_ONCE = 0.0  # due, whatever the clock says: one that is set back must not hide what is queued
FOR_EVER = 1e12
LONGEST_WAIT = 3900.0  # seconds; a host is left alone for an hour at most, and asks come in turn
LEASE = 60.0  # seconds; a heartbeat every quarter of it keeps a claim alive


def worker_name() -> str:
    """Name this process so that another on the same machine can tell whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Frontier:
    """The frontier of one archive. ``url`` is SQLAlchemy's (``sqlite:////…/frontier.sqlite``)."""

    def __init__(self, url: str, *, worker: str = "") -> None:
        self.worker = worker or worker_name()
        # PostgreSQL's usual address means psycopg 3 here, not SQLAlchemy's older default.
        self._engine = create_engine(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
        self._sqlite = self._engine.dialect.name == "sqlite"
        if self._sqlite:
            event.listen(self._engine, "connect", _set_pragmas)
            event.listen(self._engine, "begin", _begin_immediate)
        metadata.create_all(self._engine)

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
            fresh = [_row(portal, one, now) for key, one in by_key.items() if key not in known]
            refused = [
                _reopened(one, now)
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
                tx.execute(_AGAIN.where(urls.c.portal == portal), again)
            if refused:
                tx.execute(_REOPEN.where(urls.c.portal == portal), refused)
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
        return [_claim(row) for row in chosen]

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
            tx.execute(_SETTLE, [_settled(one) for one in settled])

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
        at = case((_free(hosts.c.next_allowed, now), now), else_=hosts.c.next_allowed)
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
        # _free: not one that a clock since set back has left behind.
        later = case((_free(hosts.c.next_allowed, until), until), else_=hosts.c.next_allowed)
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
        waiting = and_(urls.c.state.in_(_CLAIMABLE), urls.c.due.is_not(None))
        query = select(urls.c.id, urls.c.url).where(urls.c.portal == portal, waiting)
        with self._begin() as tx:
            refused = [
                {"_id": number, "_reason": reason}
                for number, url in tx.execute(query)
                if (reason := judge(url))
            ]
            if refused:
                tx.execute(_WITHDRAW, refused)
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
        due = _is_due(now)
        waits = and_(urls.c.state == State.QUEUED, not_(_free(urls.c.due, now)))
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
            return [_claim(row) for row in tx.execute(query).mappings()]

    def states(self, portal: str) -> dict[str, int]:
        """Count a portal's URLs by state."""
        query = select(urls.c.state, func.count()).where(urls.c.portal == portal)
        with self._begin() as tx:
            rows = tx.execute(query.group_by(urls.c.state))
            return {str(state): int(count) for state, count in rows}

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
            raise _fault(error, self._engine.url.render_as_string()) from error

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
            .where(urls.c.portal == portal, or_(_is_due(now), lapsed))
            .where(or_(hosts.c.next_allowed.is_(None), _free(hosts.c.next_allowed, now)))
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
                    .where(hosts.c.host == row["host"], _free(hosts.c.next_allowed, now))
                    .values(next_allowed=now + delay)
                )
                if not moved.rowcount:
                    continue  # another worker was faster
            chosen.append(row)
        return chosen


def _free(moment: Any, now: float) -> Any:
    """Say in SQL that a moment has come, or is further off than anything waits in a run.

    The latter was written before the clock was set back.
    """
    return or_(moment <= now, moment > now + LONGEST_WAIT)


def _is_due(now: float) -> Any:
    queued = and_(urls.c.state == State.QUEUED, _free(urls.c.due, now))
    return or_(queued, and_(urls.c.state.in_(_CLAIMABLE), urls.c.due <= now))


_AGAIN = (
    update(urls)
    .where(
        urls.c.key == bindparam("_key"),
        or_(urls.c.state == State.DONE, urls.c.state == State.FAILED),
        or_(urls.c.fetched.is_(None), urls.c.fetched < bindparam("_before")),
    )
    .values(
        state=State.QUEUED,
        due=AT_ONCE,
        attempts=0,
        listing=case((bindparam("_listing") == 1, 1), else_=urls.c.listing),
    )
)

# A budget of one run stays spent: it would let the same trap in a little further each day.
_REOPEN = (
    update(urls)
    .where(
        urls.c.key == bindparam("_key"),
        urls.c.state == State.SKIPPED,
        urls.c.outcome != "pattern_budget",
        or_(urls.c.due.is_(None), urls.c.due <= bindparam("_after")),
    )
    .values(
        state=State.QUEUED,
        due=AT_ONCE,
        attempts=0,
        outcome="",
        kind=bindparam("_kind"),
        via=bindparam("_via"),
        hops=bindparam("_hops"),
        priority=bindparam("_priority"),
        listing=bindparam("_listing"),
    )
)

_WITHDRAW = (
    update(urls)
    .where(urls.c.id == bindparam("_id"), urls.c.state != State.CLAIMED)
    .values(state=State.SKIPPED, due=None, outcome=bindparam("_reason"))
)

_SETTLE = (
    update(urls)
    .where(urls.c.id == bindparam("_id"), urls.c.token == bindparam("_token"))
    .values(
        state=bindparam("_state"),
        outcome=bindparam("_outcome"),
        due=bindparam("_due"),
        lease=None,
        worker="",
        visits=urls.c.visits + bindparam("_visit"),
        attempts=case((bindparam("_visit") == 1, 0), else_=urls.c.attempts),
        first_fetched=func.coalesce(urls.c.first_fetched, bindparam("_fetched")),
        fetched=func.coalesce(bindparam("_fetched"), urls.c.fetched),
        etag=bindparam("_etag"),
        last_modified=bindparam("_last_modified"),
        url=case((bindparam("_url") != "", bindparam("_url")), else_=urls.c.url),
    )
)


def _row(portal: str, offer: Offer, now: float) -> dict[str, Any]:
    return {
        "portal": portal,
        "key": offer.key,
        "url": offer.url,
        "host": offer.host,
        "kind": offer.kind.value,
        "via": offer.via,
        "hops": offer.hops,
        "priority": offer.priority,
        "listing": int(offer.listing),
        "state": State.SKIPPED.value if offer.reason else State.QUEUED.value,
        "due": None if offer.reason else AT_ONCE,
        "outcome": offer.reason,
        "offered": now,
    }


def _reopened(offer: Offer, now: float) -> dict[str, Any]:
    return {
        "_key": offer.key,
        "_after": FOR_EVER if offer.again else now,
        "_kind": offer.kind.value,
        "_via": offer.via,
        "_hops": offer.hops,
        "_priority": offer.priority,
        "_listing": int(offer.listing),
    }


def _known(tx: Connection, portal: str, keys: list[str]) -> dict[str, str]:
    """Return the state of each key that is known."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), 500):  # SQLite's oldest limit is 999 variables
        some = keys[start : start + 500]
        query = select(urls.c.key, urls.c.state)
        query = query.where(urls.c.portal == portal, urls.c.key.in_(some))
        found.update((key, state) for key, state in tx.execute(query))
    return found


def _claim(row: Any) -> Claim:
    return Claim(
        id=row["id"],
        token=row["token"] + 1,
        portal=row["portal"],
        url=row["url"],
        host=row["host"],
        kind=LinkKind(row["kind"]),
        via=row["via"],
        hops=row["hops"],
        priority=row["priority"],
        listing=bool(row["listing"]),
        attempts=row["attempts"] + 1,
        visits=row["visits"],
        first_fetched=row["first_fetched"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        outcome=row["outcome"],
    )


def _settled(one: Settled) -> dict[str, Any]:
    return {
        "_id": one.claim.id,
        "_token": one.claim.token,
        "_state": one.state.value,
        "_outcome": one.outcome,
        "_due": one.due,
        "_visit": int(one.fetched is not None),
        "_fetched": one.fetched,
        "_etag": one.etag,
        "_last_modified": one.last_modified,
        "_url": one.url,
    }


def _fault(error: DBAPIError, where: str) -> ArchiveError:
    name = getattr(error.orig, "sqlite_errorname", "")
    if name in ("SQLITE_FULL", "SQLITE_IOERR_WRITE"):
        return DiskFull(f"no room left for the frontier {where}; it is as it was before")
    return StoreError(f"the frontier {where} cannot be read or written: {error.orig}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _set_pragmas(connection: Any, _record: Any) -> None:
    # Let SQLAlchemy's "begin" event start transactions: the driver would start them late and
    # deferred, and two writers would then meet at "database is locked".
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # A commit may be lost with the machine's power, never with the process; a lost "done" only
    # costs a second fetch.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
