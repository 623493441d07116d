"""When to come back to a page: arithmetic with one reason a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

HOUR = 3600.0
DAY = 24 * HOUR

# A story is corrected within the hour, updated within the day, and taken down within the week.
STORY_VISITS = (HOUR, DAY, 7 * DAY)
# A story that is gone is asked for once more before it is believed.
GONE_AGAIN = DAY
# A try that failed is repeated soon, then later, then left to a run of another day.
RETRIES = (5.0, 20.0)
TRIES = 3 * (len(RETRIES) + 1)  # three days of them, then it is given up for good

# A listing is read again when 0.4 of what it shows has been replaced: what comes in twice the
# usual number then still finds it in time.
REPLACED = 0.4
SHORTEST = HOUR / 6
# What the portal's file or robots.txt names, and a section that only a link led to. The latter
# tells late what the former tell at once, and a portal may have hundreds of them.
NAMED_BOUNDS = (SHORTEST, HOUR)
FOUND_BOUNDS = (SHORTEST, DAY)
# A rate that has grown counts at once, one that has fallen within the hour: at night.
FORGETS = HOUR


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a listing changes: items ``shown``, new ones a second, seconds until the next reading.

    ``every`` 0 says that it was never read; ``rate`` None that it was read once.
    """

    shown: int = 0
    rate: float | None = None
    every: float = 0.0


NO_PULSE = Pulse()


def first_pulse(shown: int, *, named: bool) -> Pulse:
    """Return what the first reading of a listing tells: soon again, to learn its rate."""
    return Pulse(shown, None, SHORTEST if named else HOUR)


def next_pulse(
    pulse: Pulse, shown: int, new: int, elapsed: float, bounds: tuple[float, float] = NAMED_BOUNDS
) -> Pulse:
    """Return the pulse after a reading that showed ``shown`` items, ``new`` of them not there before.

    ``elapsed`` is in seconds, since the reading before. The listing is due again after
    0.4 × (items shown ÷ rate) seconds, within ``bounds``, and after at most twice as long as the
    last time: a quiet hour is no proof of a quiet day.
    """
    elapsed = max(elapsed, 1.0)
    seen = min(new, shown) / elapsed
    weight = 1 - math.exp(-elapsed / FORGETS)
    rate = seen if pulse.rate is None else pulse.rate + (seen - pulse.rate) * weight
    rate = max(rate, seen)
    shortest, longest = bounds
    wanted = REPLACED * shown / rate if rate > 0 else longest
    slower = 2 * (pulse.every or shortest)
    return Pulse(shown, rate, min(max(wanted, shortest), longest, slower))


def next_visit(
    visits: int, fetched: float, first_fetched: float | None, *, front: bool = True
) -> float | None:
    """Return when a story is due again after capture number ``visits`` (1 is the first), or None.

    Times are epoch seconds. Only a story that stands in ``front``, on the first page of a
    listing, is so new that it is asked for again within the hour. Ages count from the first
    capture; a visit that is overdue when the archive was not crawled for a while is not made up
    for, the next one is.
    """
    since = fetched if first_fetched is None else first_fetched
    for age in STORY_VISITS[max(visits - 1, 0 if front else 1) :]:
        if since + age > fetched:
            return since + age
    return None


def next_try(attempts: int, now: float) -> tuple[float | None, bool]:
    """Return when a fetch that failed is due again after try number ``attempts``, None for never.

    The second value tells whether this run waits for it.
    """
    place = (attempts - 1) % (len(RETRIES) + 1)
    if place < len(RETRIES):
        return now + RETRIES[place], True
    return (now + DAY if attempts < TRIES else None), False
