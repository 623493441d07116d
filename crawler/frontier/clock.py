"""The one time that all workers of a frontier go by."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, func, insert, select, update

from crawler.frontier.schema import clock

JUMP = 0.1  # seconds by which two clocks differ at once; less is adopted
PRESENT = 60.0  # seconds; a worker looks at least each quarter of them
LOOK_EVERY = 1.0  # seconds between two looks at the store's clock


def steady() -> float:
    """Return the seconds since some moment, counted through suspends, that nobody can set."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def database_time(tx: Connection) -> float:
    """Return PostgreSQL's time of this moment, in seconds since the epoch."""
    return float(tx.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())


def machine_time(_tx: Connection) -> float:
    """Return this machine's time: SQLite has no other."""
    return time.time()


class Clock:
    """Seconds since the epoch by the store's clock, carried on by this machine's steady one.

    A worker's own wall clock is never asked. A store's clock that is set forward or back while
    workers run moves none of them: they go on as they were, and note how far they are from it, for
    workers that join. The note is void once nobody has looked at it for a lease's time.
    """

    def __init__(
        self,
        read: Callable[[Connection], float],
        *,
        steady: Callable[[], float] = steady,
    ) -> None:
        self._read = read
        self._steady = steady
        self._base = 0.0
        self._looked = 0.0

    def start(self, tx: Connection) -> None:
        """Take the store's time, or that of the workers that are there."""
        note = tx.execute(select(clock.c.lag, clock.c.seen)).first()
        self._looked = self._steady()
        store = self._read(tx)
        if note is None:
            tx.execute(insert(clock).values(id=1, lag=0.0, seen=store))
        at_work = note is not None and abs(store - note.seen) < PRESENT
        if note is not None and not at_work:
            tx.execute(update(clock).values(lag=0.0))
        self._base = store + (note.lag if note is not None and at_work else 0.0) - self._looked

    def now(self) -> float:
        """Return the time, without asking anybody."""
        return self._base + self._steady()

    def look(self, tx: Connection) -> None:
        """Compare with the store's clock: adopt what is small, note for others what is a jump."""
        before = self._steady()
        if before - self._looked < LOOK_EVERY:
            return
        store = self._read(tx)
        after = self._steady()
        if after - before > JUMP / 2:
            return  # the answer took too long to compare by
        self._looked = after
        noted = tx.execute(select(clock.c.lag)).scalar_one()
        lag = self._base + after - store
        if abs(lag - noted) > JUMP:
            noted = lag
        else:
            self._base = store + noted - after
        tx.execute(update(clock).values(lag=noted, seen=store))
