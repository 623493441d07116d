"""What the ledger says of a portal after runs that ended, died, were stopped or came from a wrong clock."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from archive.cli.common import Exit
from archive.errors import StoreError
from archive.ledger import ATTEMPTS, LEDGER, Ledger

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(tmp_path):
    with closing(Ledger(tmp_path)) as ledger:
        yield ledger


def ran(ledger: Ledger, at: datetime, exit: Exit, *, planned: bool = True, **figures) -> int:
    run = ledger.begin("demo", at, planned=at if planned else None)
    ledger.end(run, exit, at + timedelta(minutes=5), figures)
    return run


def test_a_run_is_kept_as_it_was(ledger, tmp_path):
    run = ledger.begin("demo", NOW, planned=NOW - HOUR, missed=3, log="logs/demo.log")
    (running,) = ledger.running()
    assert (running.id, running.exit, running.ended) == (run, None, None)
    ledger.end(run, Exit.PARTLY, NOW + HOUR, {"pages": 7, "failures": {"timeout": 1}})
    with closing(Ledger(tmp_path)) as again:
        kept = again.run(run)
    assert kept is not None
    assert (kept.portal, kept.planned, kept.missed) == ("demo", NOW - HOUR, 3)
    assert (kept.started, kept.ended, kept.exit) == (NOW, NOW + HOUR, Exit.PARTLY)
    assert kept.figures == {"pages": 7, "failures": {"timeout": 1}}
    assert ledger.run(99) is None


def test_any_end_but_an_interrupt_covers_its_moment(ledger):
    assert ledger.covered("demo", NOW) is None
    for n, exit in enumerate(set(Exit) - {Exit.INTERRUPTED}):
        ran(ledger, NOW + n * HOUR, exit)
        assert ledger.covered("demo", NOW + n * HOUR) == NOW + n * HOUR
    assert ledger.covered("other", NOW) is None


def test_a_run_that_goes_on_covers_its_moment(ledger):
    ledger.begin("demo", NOW, planned=NOW - HOUR)
    assert ledger.covered("demo", NOW) == NOW


def test_an_interrupted_run_is_tried_again_but_not_for_ever(ledger):
    ran(ledger, NOW - HOUR, Exit.OK)
    for attempt in range(1, ATTEMPTS + 1):
        assert ledger.covered("demo", NOW) == NOW - HOUR
        run = ran(ledger, NOW, Exit.INTERRUPTED)
        assert ledger.run(run).attempt == attempt
        assert (ledger.broken_off("demo", NOW) is not None) == (attempt < ATTEMPTS)
    assert ledger.covered("demo", NOW) == NOW
    later = ran(ledger, NOW + HOUR, Exit.INTERRUPTED)
    assert ledger.run(later).attempt == 1
    assert ledger.broken_off("demo", NOW + HOUR) is not None


def test_what_a_person_interrupts_is_not_started_again(ledger):
    ran(ledger, NOW, Exit.INTERRUPTED, planned=False)
    assert ledger.broken_off("demo", NOW) is None
    assert ledger.covered("demo", NOW) is None


def test_the_next_run_marks_a_dead_one(ledger):
    dead = ledger.begin("demo", NOW, planned=NOW)
    other = ledger.begin("other", NOW)
    again = ledger.begin("demo", NOW + HOUR, planned=NOW)
    assert ledger.run(dead).exit is Exit.INTERRUPTED
    assert ledger.run(dead).ended == NOW + HOUR
    assert ledger.run(again).attempt == 2
    assert ledger.run(other).exit is None


def test_whoever_stopped_a_run_knows_better(ledger):
    run = ran(ledger, NOW, Exit.INTERRUPTED)
    ledger.judge(run, Exit.HUNG)
    assert ledger.run(run).exit is Exit.HUNG
    assert ledger.broken_off("demo", NOW) is None


def test_a_run_of_a_clock_that_was_years_ahead_silences_nobody(ledger):
    ran(ledger, NOW, Exit.OK)
    ran(ledger, datetime(2038, 1, 1, tzinfo=UTC), Exit.OK)
    assert ledger.covered("demo", NOW + HOUR) == NOW
    # A clock set back by less than an hour does not make it run twice.
    assert ledger.covered("demo", NOW - HOUR / 2) == NOW


def test_a_month_is_what_its_runs_took(ledger):
    ran(ledger, NOW - 2 * HOUR, Exit.OK, pages=5, bytes=500)
    ran(ledger, NOW, Exit.OK, pages=7, bytes=700)
    ran(ledger, NOW + HOUR, Exit.UNREACHABLE)
    assert ledger.spent("demo", NOW - HOUR) == (7, 700)
    assert ledger.spent("demo", NOW - 3 * HOUR) == (12, 1200)
    assert ledger.count() == {("demo", "ok"): 2, ("demo", "unreachable"): 1}


def test_checks_and_findings(ledger):
    assert ledger.last_check("verify") is None
    ledger.note_check("verify", NOW, 2, {"files": 3})
    ledger.note_check("verify", NOW + HOUR, 0, {"files": 4})
    ledger.note_check("maintain", NOW + 2 * HOUR, 0, {})
    last = ledger.last_check("verify")
    assert (last.ended, last.damages, last.figures) == (NOW + HOUR, 0, {"files": 4})
    ledger.keep_findings({("demo", "robots"): NOW, ("", "disk"): NOW})
    ledger.keep_findings({("demo", "robots"): NOW})
    assert ledger.findings() == {("demo", "robots"): NOW}


def test_a_file_that_is_no_ledger_is_named(tmp_path):
    (tmp_path / LEDGER).write_text("no database")
    with pytest.raises(StoreError, match=r"ledger\.sqlite cannot be read"):
        Ledger(tmp_path)
