from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.ledger import Ledger
from crawler.upkeep import DailyUpkeep
from tests.archive.store.newspaper import first_crawl, write

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_it_is_due_daily_and_waits_two_days_for_a_quiet_moment(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        one = DailyUpkeep(tmp_path, ledger, NOW)
        assert not one.is_due(NOW + DAY, idle=True)  # nothing was crawled yet
        (tmp_path / "warc").mkdir()
        assert not one.is_due(NOW, idle=True)
        assert one.is_due(NOW + HOUR, idle=True)
        ledger.note_check("maintain", NOW, 0, {})
        assert [one.is_due(NOW + n * HOUR, idle=True) for n in (1, 23, 24)] == [False, False, True]
        assert [one.is_due(NOW + n * DAY, idle=False) for n in (1, 2)] == [False, True]
        assert one.is_due(NOW - 2 * DAY, idle=True)  # the clock was set back
        one._tried = NOW + DAY
        assert one.is_due(NOW - 2 * DAY, idle=True)


def test_it_runs_as_a_process_and_notes_itself(tmp_path: Path) -> None:
    write(tmp_path, "one", first_crawl()[:3])
    with closing(Ledger(tmp_path)) as ledger:
        one = DailyUpkeep(tmp_path, ledger, NOW - HOUR)
        one.tick(NOW, idle=True)
        assert one.child is not None
        until = time.monotonic() + 90
        while one.child is not None and time.monotonic() < until:
            time.sleep(0.2)
            one.tick(NOW, idle=True)
        assert one.child is None
        assert ledger.last_check("maintain") is not None
        one._start()
        one.stop()
        assert one.child is None
