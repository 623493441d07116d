"""What is pointed to, taken into the table: rows that are new, and what an offer changes in others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crawler.frontier.rows import AT_ONCE
from crawler.frontier.schema import urls
from crawler.frontier.values import Offer, State, clock_of

FOR_EVER = 1e12
SOME = 500  # keys a query: SQLite's oldest limit is 999 variables

# Statements are built once: for a page of known links that costs more than to run them.
KNOWN = select(urls.c.key, urls.c.state, urls.c.hops, urls.c.priority).where(
    urls.c.portal == bindparam("_portal"), urls.c.key.in_(bindparam("_keys", expanding=True))
)
NEW = {
    "sqlite": sqlite.insert(urls).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(urls).on_conflict_do_nothing(),
}

NOW_AGAIN = (
    update(urls)
    .where(
        urls.c.portal == bindparam("_portal"),
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
REOPEN = (
    update(urls)
    .where(
        urls.c.portal == bindparam("_portal"),
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

# Met again on a shorter way, or as something more urgent, before it was fetched.
NEARER = (
    update(urls)
    .where(
        urls.c.portal == bindparam("_portal"),
        urls.c.key == bindparam("_key"),
        urls.c.state == State.QUEUED,
        or_(urls.c.hops > bindparam("_hops"), urls.c.priority > bindparam("_priority")),
    )
    .values(
        hops=case((urls.c.hops > bindparam("_hops"), bindparam("_hops")), else_=urls.c.hops),
        via=case((urls.c.hops > bindparam("_hops"), bindparam("_via")), else_=urls.c.via),
        priority=case(
            (urls.c.priority > bindparam("_priority"), bindparam("_priority")),
            else_=urls.c.priority,
        ),
    )
)


def take(tx: Connection, portal: str, offers: Iterable[Offer], now: float) -> int:
    """Write offers; return how many URLs are newly to be fetched. See ``Frontier.offer``."""
    by_key: dict[str, Offer] = {}
    for one in offers:
        by_key.setdefault(one.key, one)
    known = _known(tx, portal, list(by_key))
    fresh = [_offered_row(portal, one, now) for key, one in by_key.items() if key not in known]
    if fresh:
        tx.execute(NEW[tx.dialect.name], fresh)
    wanted = [(known[key], one) for key, one in by_key.items() if key in known and not one.reason]
    for statement, rows in (
        (NEARER, [_nearer_row(portal, one) for row, one in wanted if _is_nearer(one, row)]),
        (
            NOW_AGAIN,
            [_again_row(portal, one, now) for _, one in wanted if one.again or one.changed],
        ),
        (REOPEN, [_reopened_row(portal, one, now) for row, one in wanted if _is_refused(row)]),
    ):
        if rows:
            tx.execute(statement, rows)
    return sum(1 for row in fresh if row["state"] == State.QUEUED)


def _known(tx: Connection, portal: str, keys: list[str]) -> dict[str, Any]:
    """Return state, hops and priority of each key that is known."""
    return {
        row.key: row
        for start in range(0, len(keys), SOME)
        for row in tx.execute(KNOWN, {"_portal": portal, "_keys": keys[start : start + SOME]})
    }


def _is_nearer(offer: Offer, row: Any) -> bool:
    better = offer.hops < row.hops or offer.priority < row.priority
    return bool(better and row.state == State.QUEUED)


def _is_refused(row: Any) -> bool:
    return bool(row.state == State.SKIPPED)


def _again_row(portal: str, offer: Offer, now: float) -> dict[str, Any]:
    return {
        "_portal": portal,
        "_key": offer.key,
        "_before": now if offer.again else offer.changed,
        "_listing": int(offer.listing),
    }


def _offered_row(portal: str, offer: Offer, now: float) -> dict[str, Any]:
    return {
        "portal": portal,
        "key": offer.key,
        "url": offer.url,
        "host": clock_of(offer.host),
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


def _nearer_row(portal: str, offer: Offer) -> dict[str, Any]:
    return {
        "_portal": portal,
        "_key": offer.key,
        "_hops": offer.hops,
        "_via": offer.via,
        "_priority": offer.priority,
    }


def _reopened_row(portal: str, offer: Offer, now: float) -> dict[str, Any]:
    return {
        "_portal": portal,
        "_key": offer.key,
        "_after": FOR_EVER if offer.again else now,
        "_kind": offer.kind.value,
        "_via": offer.via,
        "_hops": offer.hops,
        "_priority": offer.priority,
        "_listing": int(offer.listing),
    }
