"""When to come back."""

from __future__ import annotations

from crawler.recrawl import DAY, HOUR, RETRIES, TRIES, next_try, next_visit


def test_a_story_is_seen_after_an_hour_a_day_and_a_week():
    assert next_visit(1, 0.0, None) == HOUR
    assert next_visit(2, HOUR, 0.0) == DAY
    assert next_visit(3, DAY + 5, 0.0) == 7 * DAY
    assert next_visit(4, 7 * DAY, 0.0) is None


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
