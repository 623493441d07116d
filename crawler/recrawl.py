"""When to come back to a page: arithmetic with one reason a step."""

from __future__ import annotations

HOUR = 3600.0
DAY = 24 * HOUR

# A story is corrected within the hour, updated within the day, and taken down within the week.
STORY_VISITS = (HOUR, DAY, 7 * DAY)
# A story that is gone is asked for once more before it is believed.
GONE_AGAIN = DAY
# A try that failed is repeated soon, then later, then left to a run of another day.
RETRIES = (5.0, 20.0)
TRIES = 3 * (len(RETRIES) + 1)  # three days of them, then it is given up for good


def next_visit(visits: int, fetched: float, first_fetched: float | None) -> float | None:
    """Return when a story is due again after capture number ``visits`` (1 is the first), or None.

    Times are epoch seconds. Ages count from the first capture; a visit that is overdue when the
    archive was not crawled for a while is not made up for, the next one is.
    """
    since = fetched if first_fetched is None else first_fetched
    for age in STORY_VISITS[max(visits - 1, 0) :]:
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
