"""Which rows a worker is given: what is due again is queued, the first of each free host is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, update

from crawler.frontier.queue import AGAIN, due_again, hosts_in_queue, lapsed, of_host
from crawler.frontier.rows import AT_ONCE, DIED, LONGEST_WAIT, has_come
from crawler.frontier.schema import HELD, hosts, urls
from crawler.frontier.values import CRASHES, SUSPECT, State

WAKE = 1000  # URLs that are due again, queued with one claim


def died(tx: Connection, whose: Any) -> tuple[int, int]:
    """Take back what dead workers held; return how many URLs, and how many are given up of them.

    ``whose`` is the condition, in SQL, on rows that are claimed.
    """
    held = select(func.count()).where(urls.c.state == State.CLAIMED, whose)
    lost = tx.execute(held.where(urls.c.died + 1 >= CRASHES)).scalar_one()
    return tx.execute(DIED.where(whose)).rowcount, lost


def wake(tx: Connection, portal: str, worker: str, now: float) -> int:
    """Queue what is due again, and what another worker let lapse; return how many are given up."""
    lost = 0
    over = and_(urls.c.portal == portal, lapsed(now, worker))
    if ids := _ids(tx, select(urls.c.id).where(over)):
        _, lost = died(tx, urls.c.id.in_(ids))
    for state in AGAIN:
        again = select(urls.c.id).where(due_again(portal, state, now)).order_by(urls.c.due)
        if ids := _ids(tx, again.limit(WAKE)):
            queue = {"state": State.QUEUED, "due": AT_ONCE}
            tx.execute(update(urls).where(urls.c.id.in_(ids)).values(queue))
    return lost


def choose(
    tx: Connection, portal: str, worker: str, limit: int, now: float
) -> list[dict[str, Any]]:
    """Return the rows to be claimed, and move the clocks of the hosts that have a delay."""
    mine = and_(urls.c.state == State.CLAIMED, urls.c.worker == worker, HELD)
    holds, most = tx.execute(select(func.count(), func.max(urls.c.died)).where(mine)).one()
    if (most or 0) >= SUSPECT:
        return []
    free = [
        (host, delay)
        for host, delay, at in hosts_in_queue(tx, portal)
        if at <= now or at > now + LONGEST_WAIT
    ]
    rows = _first(tx, portal, free, limit, now, suspects=False)
    if not rows and not holds:
        rows = _first(tx, portal, free, 1, now, suspects=True)
    return [row for row in rows if not row["_delay"] or _moved(tx, row, now)]


def order(row: Any) -> tuple[int, int]:
    return row["priority"], row["id"]


def _first(
    tx: Connection,
    portal: str,
    free: Sequence[tuple[str, float]],
    limit: int,
    now: float,
    *,
    suspects: bool,
) -> list[dict[str, Any]]:
    """Return the first of what is due, one row of a host that has a delay."""
    rows: list[dict[str, Any]] = []
    for host, delay in free:
        among = urls.c.died >= SUSPECT if suspects else urls.c.died < SUSPECT
        query = of_host(portal, host, 1 if delay else limit, now).where(among)
        rows += [{**row, "_delay": delay} for row in tx.execute(_locked(query)).mappings()]
    return sorted(rows, key=order)[:limit]


def _moved(tx: Connection, row: dict[str, Any], now: float) -> bool:
    """Move the clock of the row's host on; False if another worker was faster."""
    mine = and_(hosts.c.host == row["host"], has_come(hosts.c.next_allowed, now))
    moved = update(hosts).where(mine).values(next_allowed=now + hosts.c.delay)
    return bool(tx.execute(moved).rowcount)


def _locked(query: Select[Any]) -> Select[Any]:
    """Leave out what another worker is looking at; SQLite, where one writes at a time, has no such words."""
    return query.with_for_update(of=urls, skip_locked=True)


def _ids(tx: Connection, query: Select[Any]) -> list[int]:
    return [number for (number,) in tx.execute(_locked(query))]
