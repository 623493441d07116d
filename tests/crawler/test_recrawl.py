"""When to come back."""

from __future__ import annotations

import math
import random

import pytest

from crawler.recrawl import (
    DAY,
    FOUND_BOUNDS,
    HOUR,
    RETRIES,
    SHORTEST,
    TRIES,
    Pulse,
    first_pulse,
    next_pulse,
    next_try,
    next_visit,
)


def test_a_story_is_seen_after_an_hour_a_day_and_a_week():
    assert next_visit(1, 0.0, None) == HOUR
    assert next_visit(2, HOUR, 0.0) == DAY
    assert next_visit(3, DAY + 5, 0.0) == 7 * DAY
    assert next_visit(4, 7 * DAY, 0.0) is None


def test_a_story_of_a_later_page_is_not_asked_for_within_the_hour():
    assert next_visit(1, 0.0, None, front=False) == DAY
    assert next_visit(2, DAY, 0.0, front=False) == 7 * DAY


def test_an_overdue_visit_is_not_made_up_for():
    assert next_visit(2, 3 * DAY, 0.0) == 7 * DAY
    assert next_visit(2, 30 * DAY, 0.0) is None


def test_a_run_waits_for_two_retries_then_leaves_it_to_another_day():
    assert next_try(1, 100.0) == (100.0 + RETRIES[0], True)
    assert next_try(2, 100.0) == (100.0 + RETRIES[1], True)
    assert next_try(3, 100.0) == (100.0 + DAY, False)
    assert next_try(4, 100.0) == (100.0 + RETRIES[0], True)


def test_tries_end():
    assert next_try(TRIES, 100.0) == (None, False)


def test_a_listing_is_read_again_when_four_in_ten_of_its_items_are_new():
    pulse = next_pulse(Pulse(10, None, 1200.0), shown=10, new=5, elapsed=3600.0)
    assert pulse.rate == pytest.approx(5 / HOUR)
    assert pulse.every == pytest.approx(2400.0), "half of it might be, twice 1200 s is 2400 s"
    assert next_pulse(Pulse(10, None, HOUR), 10, 5, HOUR).every == pytest.approx(0.4 * 2 * HOUR)


def test_a_listing_that_was_all_new_is_read_as_soon_as_may_be():
    assert next_pulse(Pulse(10, 1 / HOUR, HOUR), 10, 99, 1200.0).every == SHORTEST


def test_a_quiet_listing_is_read_half_as_often_each_time_until_its_bound():
    pulse, waits = first_pulse(10, named=True), []
    for _ in range(5):
        pulse = next_pulse(pulse, 10, 0, pulse.every)
        waits.append(pulse.every / 60)
    assert waits == [20, 40, 60, 60, 60]
    found = first_pulse(10, named=False)
    for _ in range(9):
        found = next_pulse(found, 10, 0, found.every, FOUND_BOUNDS)
    assert found.every == DAY


def test_a_reading_before_its_time_is_no_proof_of_a_quiet_listing():
    pulse = Pulse(10, 12 / HOUR, 1200.0)
    assert next_pulse(pulse, 10, 0, 1.0).every == pytest.approx(1200.0, rel=0.01)


def arrivals(a_day: int, days: int, *, peak: float = 1.0) -> list[float]:
    """Return when stories appear, in seconds: at random, ``peak`` times as many at the busiest."""
    dice, now, found = random.Random(7), 0.0, []
    while now < days * DAY:
        now += dice.expovariate(a_day * peak / DAY)
        wave = 1 - (peak - 1) * math.cos(2 * math.pi * now / DAY)
        if dice.random() < wave / peak:
            found.append(now)
    return found


def polled(published: list[float], items: int, days: int, *, fixed: float = 0.0):
    """Read a feed of the newest ``items`` for some days; return the share missed, and the times."""
    pulse, last, times, missed = Pulse(), 0.0, [], 0
    now = fixed
    while now < days * DAY:
        new = sum(last < at <= now for at in published)
        missed += max(0, new - items)
        if pulse.every:
            pulse = next_pulse(pulse, items, min(new, items), now - last)
        else:
            pulse = first_pulse(items, named=True)
        times.append(now)
        last, now = now, now + (fixed or pulse.every)
    return missed / len(published), times


@pytest.mark.parametrize(("items", "most"), [(10, 0.012), (15, 0.003)])
def test_eight_hundred_stories_a_day_are_hardly_missed(items, most):
    published = arrivals(800, 5)
    share, _ = polled(published, items, 5)
    hourly, _ = polled(published, items, 5, fixed=HOUR)
    print(f"{items} items: {share:.4f} missed, {hourly:.2f} at a fixed hour")
    assert share <= most
    assert hourly >= 0.5


def test_a_portal_that_sleeps_at_night_is_read_less_at_night_and_loses_nothing():
    published = arrivals(200, 5, peak=1.9)
    share, times = polled(published, 10, 5)
    night = sum(at % DAY < 4 * HOUR for at in times[24:])
    noon = sum(10 * HOUR <= at % DAY < 14 * HOUR for at in times[24:])
    assert share <= 0.01
    assert noon > 1.5 * night


def test_a_slow_portal_is_not_asked_more_than_once_an_hour():
    _, times = polled(arrivals(20, 5), 10, 5)
    assert len(times) <= 5 * 24 + 12
