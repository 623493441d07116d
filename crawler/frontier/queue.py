"""What can be claimed, read by index: each statement takes the same time at a million URLs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from crawler.frontier.rows import FURTHEST, LONGEST_WAIT, has_come
from crawler.frontier.schema import hosts, urls
from crawler.frontier.values import State

AGAIN = (State.DONE, State.FAILED)  # states that end when ``due`` has come


def queued(portal: str) -> Any:
    return and_(urls.c.portal == portal, urls.c.state == State.QUEUED)


def due_again(portal: str, state: State, now: float) -> Any:
    """Say in SQL that a URL is to be fetched again.

    ``due`` is further off than any plan reaches if a wrong clock wrote it: it has come too.
    """
    come = has_come(urls.c.due, now, FURTHEST)
    return and_(urls.c.portal == portal, urls.c.state == state, come)


def lapsed(now: float, worker: str) -> Any:
    """Say in SQL that another worker let its lease end.

    A worker's own claims never lapse: after a sleep it goes on.
    """
    others = and_(urls.c.state == State.CLAIMED, urls.c.worker != worker)
    return and_(others, has_come(urls.c.lease, now))


def hosts_in_queue(tx: Connection, portal: str) -> Sequence[Any]:
    """Return host, delay and next_allowed of each host that something is queued of, in order.

    Each step finds the next name in the index, so that it reads a row a host, not a row a URL.
    """
    mine = queued(portal)
    first = select(func.min(urls.c.host).label("host")).where(mine).cte("queue", recursive=True)
    after = select(func.min(urls.c.host)).where(mine, urls.c.host > first.c.host)
    step = select(after.correlate(first).scalar_subquery()).where(first.c.host.is_not(None))
    queue = first.union_all(step)
    query = (
        select(
            queue.c.host,
            func.coalesce(hosts.c.delay, 0.0).label("delay"),
            func.coalesce(hosts.c.next_allowed, 0.0).label("next_allowed"),
        )
        .select_from(queue.outerjoin(hosts, hosts.c.host == queue.c.host))
        .where(queue.c.host.is_not(None))
        .order_by(queue.c.host)
    )
    return tx.execute(query).all()


def of_host(portal: str, host: str, limit: int, now: float) -> Select[Any]:
    """Select what is due of a host, in its order."""
    return (
        select(urls)
        .where(queued(portal), urls.c.host == host, has_come(urls.c.due, now))
        .order_by(urls.c.priority, urls.c.id)
        .limit(limit)
    )


def next_moments(tx: Connection, portal: str, worker: str, now: float) -> Iterator[float]:
    """Yield times at which something can be claimed, the earliest among them."""
    for host, _, next_allowed in hosts_in_queue(tx, portal):
        mine = and_(queued(portal), urls.c.host == host)
        come = select(urls.c.id).where(mine, has_come(urls.c.due, now)).limit(1)
        due = now
        if tx.execute(come).first() is None:
            due = tx.execute(select(func.min(urls.c.due)).where(mine)).scalar_one()
        far = next_allowed > now + LONGEST_WAIT  # written before the clock was set back
        yield due if far else max(due, next_allowed)
    for state in AGAIN:
        query = select(urls.c.id).where(due_again(portal, state, now)).limit(1)
        if tx.execute(query).first() is not None:
            yield now
    others = and_(urls.c.state == State.CLAIMED, urls.c.worker != worker)
    lease = select(func.min(urls.c.lease)).where(urls.c.portal == portal, others)
    if (end := tx.execute(lease).scalar()) is not None:
        yield end
