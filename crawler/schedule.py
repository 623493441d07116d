"""When a portal is due: arithmetic over cronsim, without clock or disk.

A *moment* is a time that a schedule names; a run *starts* at its moment plus the portal's jitter.
What is *covered* is the newest moment that some run stands for. All instants are aware and UTC.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

ADAPTIVE = "adaptive"
NAMED = {"hourly": "0 * * * *", "daily": "0 4 * * *"}
# A moment that is noticed later than this was missed: `catch_up = "none"` lets it go.
GRACE = timedelta(minutes=5)
# An adaptive portal: never asked for sooner, and looked at once a day if nothing is known to be due.
SOONEST, LATEST = timedelta(minutes=10), timedelta(days=1)
# Further back moments are not counted: they are one run all the same.
MEMORY = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day in which runs may start; ``end`` before ``start`` goes over midnight."""

    start: time
    end: time

    def hold(self, at: time) -> bool:
        """Tell whether ``at`` is one of them; ``end`` is not."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a portal's file says about when it is crawled.

    ``schedule`` is a cron expression of five fields or ``adaptive``. ``until`` is the last day,
    in ``zone``, on which runs start.
    """

    portal: str
    schedule: str
    zone: ZoneInfo
    jitter: timedelta = timedelta(0)
    catch_up: Literal["once", "none"] = "once"
    hours: Hours | None = None
    until: date | None = None

    def lets(self, at: datetime) -> bool:
        """Tell whether a run may start at ``at``: the day and the hour, on the portal's clock."""
        local = at.astimezone(self.zone)
        if self.until is not None and local.date() > self.until:
            return False
        return self.hours is None or self.hours.hold(local.time())


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due: the newest moment it stands for, and how many earlier ones it makes up.

    ``first`` is the oldest of them: who waits longest is served first.
    """

    planned: datetime
    missed: int = 0
    first: datetime | None = field(default=None, compare=False)


def read_schedule(text: str) -> str:
    """Return the cron expression that ``text`` means, or ``adaptive``; ``ValueError`` in words.

    >>> read_schedule("hourly")
    '0 * * * *'
    """
    if text == ADAPTIVE:
        return text
    cron = NAMED.get(text, text)
    if len(cron.split()) != 5:
        raise ValueError(
            f'{text!r} is no schedule; write "hourly", "daily", "adaptive" or the five fields of '
            'cron: minute hour day month weekday, such as "*/30 * * * *"'
        )
    try:
        next(CronSim(cron, datetime(2024, 1, 1)))  # noqa: DTZ001 - only whether there is one
    except CronSimError as error:
        raise ValueError(f"{text!r} is no cron expression: {str(error).lower()}") from error
    except StopIteration as error:
        raise ValueError(f"{text!r} names a day that never comes") from error
    return cron


def read_hours(text: str) -> Hours:
    """Return the hours that ``06:00-23:00`` means; ``ValueError`` in words.

    >>> read_hours("22:00-05:30").hold(time(1, 0))
    True
    """
    found = re.fullmatch(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", text)
    try:
        if not found:
            raise ValueError
        a, b, c, d = (int(digits) for digits in found.groups())
        start, end = time(a, b), time(c % 24, d) if (c, d) == (24, 0) else time(c, d)
    except ValueError as error:
        raise ValueError(f'{text!r} are no hours; write "06:00-23:00"') from error
    if start == end:
        raise ValueError(f"{text!r} are no hours: they end when they begin; leave the key out")
    return Hours(start, end)


def ever_meet(schedule: str, hours: Hours) -> bool:
    """Tell whether a schedule has moments in ``hours``; hours repeat daily, so a year is enough."""
    if schedule == ADAPTIVE:
        return True
    for moment in CronSim(schedule, datetime(2024, 1, 1)):  # noqa: DTZ001 - hours of any day
        if hours.hold(moment.time()):
            return True
        if moment.year > 2024:
            return False
    return False


def moments(table: Timetable, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a cron schedule past ``after``, for ever or up to ``until``.

    Daylight saving is Debian cron's: a fixed time that the clock leaps over comes when the leap
    is done, one that comes twice counts once, and ``*`` hours follow the time that passes.
    """
    for moment in CronSim(table.schedule, after.astimezone(table.zone)):
        if table.until is not None and moment.date() > table.until:
            return
        at = moment.astimezone(UTC)
        # In the second half of a doubled hour cronsim starts again from the first.
        if at > after and table.lets(at):
            yield at


def start_of(table: Timetable, moment: datetime) -> datetime:
    """Return when the run of ``moment`` starts: the same answer however often it is asked for.

    Jitter that reaches past the table's hours or its last day is left out.
    """
    if not table.jitter:
        return moment
    seed = hashlib.sha256(f"{table.portal} {moment.timestamp():.0f}".encode()).digest()
    start = moment + table.jitter * (int.from_bytes(seed[:8]) / 2**64)
    return start if table.lets(start) else moment


def due(
    table: Timetable, covered: datetime | None, now: datetime, asked: datetime | None = None
) -> Due | None:
    """Return the run that is due at ``now``, or None.

    A portal that nothing covers yet is due at once. Moments that were missed fold into one run.
    ``asked`` is when an adaptive portal's frontier has something to fetch, None if it has nothing.
    """
    if not table.lets(now):
        return None
    if covered is None:
        return Due(now.replace(microsecond=0), first=datetime.min.replace(tzinfo=UTC))
    if table.schedule == ADAPTIVE:
        moment = _adapted(covered, asked)
        return Due(moment) if moment <= now else None
    come = []
    for moment in moments(table, max(covered, now - MEMORY)):
        if moment > now:
            break
        if start_of(table, moment) <= now:
            come.append(moment)
    if not come:
        return None
    if table.catch_up == "none" and now - start_of(table, come[-1]) > GRACE:
        return None
    return Due(come[-1], len(come) - 1, come[0])


def next_start(
    table: Timetable, covered: datetime | None, now: datetime, asked: datetime | None = None
) -> datetime | None:
    """Return when the next run starts: ``now`` if one is due, None if none ever will."""
    if due(table, covered, now, asked):
        return now
    if covered is None:
        return _first_let(table, now)
    if table.schedule == ADAPTIVE:
        return _first_let(table, max(_adapted(covered, asked), now))
    # A moment within the jitter's reach may have passed while its start has not, and where the
    # jitter is longer than the time between two moments a later one may start first.
    best = None
    for moment in moments(table, max(covered, now - table.jitter)):
        if best is not None and moment >= best:
            break
        start = start_of(table, moment)
        if start > now and (best is None or start < best):
            best = start
    return best


def _adapted(covered: datetime, asked: datetime | None) -> datetime:
    latest = covered + LATEST
    return max(covered + SOONEST, min(asked or latest, latest))


def _first_let(table: Timetable, at: datetime) -> datetime | None:
    """Return the first minute from ``at`` on in which a run may start."""
    minute = at
    for _ in range(2 * 24 * 60):
        if table.lets(minute):
            return minute
        minute = minute.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return None


def next_month(zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the month after that of ``now`` begins on the zone's clock."""
    return month_start(zone, month_start(zone, now) + timedelta(days=33))


def month_start(zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the month of ``now`` began on the zone's clock."""
    local = now.astimezone(zone)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
