"""A scheduled run on a disk that is full: it ends in order, and status says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.cli.common import Exit
from archive.ledger import Ledger
from crawler import lock
from tests.crawler.crawls import declare, morestories
from tests.disks import mounted, resize
from tests.portal_site.server import PortalSite

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, "3m"):
        yield tmp_path


def test_it_ends_for_that_cause_and_nothing_starts_under_the_floor(small):
    with PortalSite(articles=120) as site, closing(Ledger(small)) as ledger:
        declare(small, site, schedule="hourly", revisits=False)
        (small / "ballast").write_bytes(b"\0" * 1_200_000)
        ran = morestories("schedule", "run", "--once", "--floor", "0", "--archive", small)
        assert ran.returncode in (Exit.PARTLY, Exit.DISK_FULL), ran.stderr
        (run,) = ledger.runs()
        # With no room for a word in the ledger either, it is known by its lock to have ended.
        assert run.exit in (Exit.DISK_FULL, None), run
        assert lock.holders(small, "demo") is None
        asked = len(site.requests)
        assert asked < 120
        status = morestories("status", "--json", "--archive", small)
        assert status.returncode == Exit.PARTLY, status.stderr
        assert "disk" in [one["rule"] for one in json.loads(status.stdout)["findings"]]
        assert len(site.requests) == asked
        # There is room again: the run is taken up.
        resize(small, "60m")
        if run.exit is Exit.DISK_FULL:
            ledger.judge(run.id, Exit.INTERRUPTED)
        ran = morestories("schedule", "run", "--once", "--floor", "0", "--archive", small)
        assert ledger.runs()[0].exit is Exit.OK, ran.stderr
        assert len(ledger.runs()) >= 2
