"""Hand-started crawls: one of a portal at a time, each in the ledger, within the month's budget."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from archive.cli.common import Exit
from archive.errors import ArchiveBusy
from archive.ledger import Ledger
from crawler import lock
from crawler.entry import Order, Rest
from crawler.portal import Declaration
from tests.crawler.crawls import declare, morestories
from tests.crawler.test_cli_crawl import begin, rows
from tests.crawler.test_crawl import wait_for
from tests.portal_site.server import PortalSite

PORTAL = Declaration(id="demo", home="https://demo.example/", max_pages=100)


def test_a_lock_is_held_until_all_its_holders_are_gone(tmp_path):
    assert lock.holders(tmp_path, "demo") is None
    fd = lock.take(tmp_path, "demo")
    with pytest.raises(ArchiveBusy, match=f"'demo'.*process id {os.getpid()}"):
        lock.take(tmp_path, "demo")
    heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[fd])
    lock.sign(fd, [os.getpid(), heir.pid])
    os.close(fd)
    assert lock.holders(tmp_path, "demo") == (os.getpid(), heir.pid)
    heir.kill()
    heir.communicate()
    assert lock.holders(tmp_path, "demo") is None
    os.close(lock.take(tmp_path, "demo"))


@pytest.mark.parametrize(
    ("asked", "left", "limit"),
    [(None, None, "100"), (300, None, "300"), (None, 40, "40"), (7, 40, "7")],
)
def test_the_lowest_limit_holds(asked, left, limit):
    told = Order(max_pages=asked).options(PORTAL, Rest(pages=left, bytes=9))
    assert told[told.index("--max-pages") + 1] == limit
    assert told[told.index("--max-bytes") + 1] == "9"


def test_a_crawl_is_in_the_ledger_and_a_second_one_waits_for_its_turn(tmp_path):
    with PortalSite(articles=30) as site, closing(Ledger(tmp_path)) as ledger:
        declare(tmp_path, site, delay=0.05, month_pages=45)
        process = begin(tmp_path, "--max-pages", "30")
        try:
            wait_for(lambda: ledger.running(), 40)
            ran = morestories("crawl", "demo", "--archive", tmp_path)
            assert ran.returncode == Exit.BUSY, ran.stderr
            assert f"process id {process.pid}" in ran.stderr
        finally:
            said, _ = process.communicate(timeout=100)
        assert process.returncode == Exit.OK, said
        (run,) = ledger.runs("demo")
        assert (run.exit, run.planned, run.figures["pages"]) == (Exit.BUDGET, None, 30)
        assert (
            run.figures["articles"]["new"] == rows(tmp_path, "select count(*) from articles")[0][0]
        )
        assert run.figures["articles"]["new"] > 0
        assert (tmp_path / run.log).is_file()
        # The month's budget leaves fifteen, whatever the portal's own run would take; then none.
        assert morestories("crawl", "demo", "--archive", tmp_path).returncode == Exit.BUDGET
        assert ledger.runs("demo")[0].figures["pages"] == 15
        asked = len(site.requests)
        ran = morestories("crawl", "demo", "--archive", tmp_path)
        assert ran.returncode == Exit.BUDGET
        assert "month" in ran.stdout
        assert len(site.requests) == asked
        assert len(ledger.runs()) == 2


def test_a_killed_crawl_is_marked_by_the_next_one(tmp_path):
    with PortalSite(articles=30) as site, closing(Ledger(tmp_path)) as ledger:
        declare(tmp_path, site, delay=0.1)
        process = begin(tmp_path)
        wait_for(lambda: len(site.requests) > 10, 40)
        for pid in lock.holders(tmp_path, "demo") or ():
            os.kill(pid, signal.SIGKILL)
        process.communicate()
        assert lock.holders(tmp_path, "demo") is None
        assert ledger.covered("demo", datetime.now(UTC)) is not None  # nobody has told it yet
        ran = morestories("crawl", "demo", "--archive", tmp_path, "--max-pages", "5")
        assert ran.returncode == Exit.OK, ran.stderr
        newest, killed = ledger.runs("demo")
        assert (newest.exit, killed.exit) == (Exit.BUDGET, Exit.INTERRUPTED)


def test_a_crawl_that_says_nothing_any_more_is_stopped(tmp_path):
    with PortalSite(articles=30) as site, closing(Ledger(tmp_path)) as ledger:
        declare(tmp_path, site, delay=0.2)
        code = (
            "import crawler.child as c, sys; c.SILENCE = 15.0\n"
            f"sys.argv = ['morestories', 'crawl', 'demo', '--archive', {str(tmp_path)!r}]\n"
            "from crawler.cli import main; main()"
        )
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        wait_for(lambda: len(site.requests) > 5, 60)
        os.kill((lock.holders(tmp_path, "demo") or ())[1], signal.SIGSTOP)
        assert process.wait(timeout=90) == Exit.HUNG
        assert ledger.runs()[0].exit is Exit.HUNG
        assert lock.holders(tmp_path, "demo") is None
