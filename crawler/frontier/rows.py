"""The statements that change the frontier's rows, and the values that they take and give."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, case, func, or_, update

from archive.link import LinkKind
from crawler.frontier.schema import urls
from crawler.frontier.values import CRASHES, Claim, Outcome, Settled, State
from crawler.recrawl import NO_PULSE, Pulse

CLAIMABLE = (State.QUEUED, State.DONE, State.FAILED)  # where ``due`` has come
AT_ONCE = 0.0  # due, whatever the clock says: one that is set back must not hide what is queued
LONGEST_WAIT = 3900.0  # seconds; a host is left alone for an hour at most, and asks come in turn
FURTHEST = 30 * 86_400.0  # seconds; nothing is planned for later than this


def has_come(moment: Any, now: float, furthest: float = LONGEST_WAIT) -> Any:
    """Say in SQL that a moment has come, or is further off than anything waits.

    The latter was written before the clock was set back.
    """
    return or_(moment <= now, moment > now + furthest)


_LOST = urls.c.died + 1 >= CRASHES
# A worker died with it. Most are innocent, so the try counts, and only several give it up.
DIED = (
    update(urls)
    .where(urls.c.state == State.CLAIMED)
    .values(
        state=case((_LOST, State.FAILED.value), else_=State.QUEUED.value),
        due=case((_LOST, None), else_=urls.c.due),
        outcome=Outcome.WORKER_DIED.value,
        died=urls.c.died + 1,
        token=urls.c.token + 1,
        lease=None,
        worker="",
    )
)

WITHDRAW = (
    update(urls)
    .where(urls.c.id == bindparam("_id"), urls.c.state != State.CLAIMED)
    .values(state=State.SKIPPED, due=None, outcome=bindparam("_reason"))
)

SETTLE = (
    update(urls)
    .where(urls.c.id == bindparam("_id"), urls.c.token == bindparam("_token"))
    .values(
        state=bindparam("_state"),
        outcome=bindparam("_outcome"),
        due=bindparam("_due"),
        lease=None,
        worker="",
        died=0,
        visits=urls.c.visits + bindparam("_visit"),
        attempts=case((bindparam("_visit") == 1, 0), else_=urls.c.attempts),
        first_fetched=func.coalesce(urls.c.first_fetched, bindparam("_fetched")),
        fetched=func.coalesce(bindparam("_fetched"), urls.c.fetched),
        etag=bindparam("_etag"),
        last_modified=bindparam("_last_modified"),
        url=case((bindparam("_url") != "", bindparam("_url")), else_=urls.c.url),
        listing=case((bindparam("_listing") == 1, 1), else_=urls.c.listing),
        shown=case((bindparam("_every") > 0, bindparam("_shown")), else_=urls.c.shown),
        rate=case((bindparam("_every") > 0, bindparam("_rate")), else_=urls.c.rate),
        every=case((bindparam("_every") > 0, bindparam("_every")), else_=urls.c.every),
    )
)


def claim_of(row: Any) -> Claim:
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
        died=row["died"],
        fetched=row["fetched"],
        pulse=Pulse(row["shown"], row["rate"], row["every"]),
    )


def settled_row(one: Settled) -> dict[str, Any]:
    pulse = one.pulse or NO_PULSE
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
        "_listing": int(one.listing),
        "_shown": pulse.shown,
        "_rate": pulse.rate,
        "_every": pulse.every,
    }
