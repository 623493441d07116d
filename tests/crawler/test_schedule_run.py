"""A real supervisor and the demo portal: what the ledger and `status` say is what happened."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.cli.common import Exit
from archive.ledger import LEDGER, Ledger
from crawler import lock
from tests.crawler.crawls import declare, morestories
from tests.crawler.test_cli_crawl import rows
from tests.crawler.test_crawl import wait_for
from tests.portal_site.server import PortalSite

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def site() -> Iterator[PortalSite]:
    with PortalSite(articles=30) as site:
        yield site


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path)) as ledger:
        yield ledger


def supervise(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "crawler.cli", "schedule", "run", "--archive", str(folder)]
    return subprocess.Popen(
        [*command, "--floor", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run_once(folder: Path) -> Exit:
    ran = morestories("schedule", "run", "--once", "--floor", "0", "--archive", folder)
    print(ran.stderr)
    return Exit(ran.returncode)


def let_hours_pass(folder: Path, hours: int = 1) -> None:
    """Put what was noted so many hours back: the schedule's next moment has come."""
    with closing(sqlite3.connect(folder / LEDGER)) as database, database:
        database.execute(
            f"UPDATE runs SET started = started - {hours * 3600}, ended = ended - {hours * 3600},"
            f" planned = planned - {hours * 3600}"
        )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def told(folder: Path, *options: str) -> dict:
    ran = morestories("status", "--json", "--floor", "0", "--archive", folder, *options)
    assert ran.returncode in (Exit.OK, Exit.PARTLY), ran.stderr
    return json.loads(ran.stdout)


def test_three_runs_and_an_edit_between(site, tmp_path, ledger):
    declare(tmp_path, site, schedule="hourly")
    assert run_once(tmp_path) is Exit.OK
    assert run_once(tmp_path) is Exit.NOTHING  # covered until the next hour
    first = rows(tmp_path, "select count(*) from articles")[0][0]
    story = site.articles[0]
    site.edit(story.slug, paragraph="संशोधन: यह पंक्ति बाद में जोड़ी गई और इसमें नई जानकारी है।")
    new = site.add()
    let_hours_pass(tmp_path, 3)
    assert run_once(tmp_path) is Exit.OK
    let_hours_pass(tmp_path)
    assert run_once(tmp_path) is Exit.OK
    third, second, earliest = ledger.runs("demo")
    assert [run.exit for run in (third, second, earliest)] == [Exit.OK] * 3
    assert (earliest.missed, second.missed in (2, 3)) == (0, True)
    assert earliest.figures["articles"]["new"] == first > 20
    assert second.figures["articles"]["new"] == 1
    assert rows(tmp_path, f"select count(*) from articles where url = '{new.url}'") == [(1,)]
    assert third.figures["articles"].get("new", 0) == 0
    changed = sum(run.figures["articles"].get("changed", 0) for run in (second, third))
    known = rows(tmp_path, f"select max(number) from revisions where url = '{story.url}'")[0][0]
    assert changed == known - 1
    kept = rows(tmp_path, "select count(*) from captures")[0][0]
    assert sum(sum(run.figures["captures"].values()) for run in ledger.runs()) == kept
    status = told(tmp_path)
    (portal,) = status["portals"]
    assert portal["last"]["id"] == third.id
    assert portal["next"] is not None
    assert (status["behind_bytes"], status["index_behind"]) == (0, [])
    assert status["unsealed"] == {"writing": [], "abandoned": []}
    assert status["supervised"] is False
    said = morestories("schedule", "history", "--archive", tmp_path)
    assert said.stdout.count("demo") == 3
    shown = morestories("runs", "show", str(earliest.id), "--archive", tmp_path, "-n", "500")
    assert "crawl ended" in shown.stdout
    lines = json.loads(
        morestories(
            "runs", "show", str(earliest.id), "--archive", tmp_path, "-n", "500", "--json"
        ).stdout
    )["lines"]
    placed = [line for line in lines if "warc" in line]
    assert placed
    assert {line["portal"] for line in lines} == {"demo"}
    for line in placed:
        found = rows(
            tmp_path,
            f"select count(*) from captures where warc = '{line['warc']}'"
            f" and warc_offset = {line['offset']} and url = '{line['url']}'",
        )
        assert found == [(1,)], line


def test_stopped_killed_and_started_again(site, tmp_path, ledger):
    declare(tmp_path, site, schedule="hourly", delay=0.2, concurrency=1)
    port = free_port()
    one = supervise(tmp_path, "--metrics-port", str(port))
    try:
        wait_for(lambda: len(site.requests) > 8, 60)
        address = f"http://127.0.0.1:{port}/metrics"
        with urllib.request.urlopen(address, timeout=10) as answer:
            figures = answer.read().decode()
        assert 'morestories_running_since_seconds{portal="demo"}' in figures
        busy = morestories("schedule", "run", "--archive", tmp_path, "--metrics-port", "0")
        assert busy.returncode == Exit.BUSY
    finally:
        one.send_signal(signal.SIGTERM)
        said, _ = one.communicate(timeout=100)
    assert one.returncode == 0, said
    (run,) = ledger.runs()
    assert run.exit is Exit.INTERRUPTED
    assert not list((tmp_path / "warc").glob("*.open"))
    # Started again it takes the same moment up; then it is killed, and its crawl lives on.
    two = supervise(tmp_path, "--metrics-port", "0")
    wait_for(lambda: len(ledger.runs()) == 2, 60)
    two.kill()
    two.communicate()
    again = ledger.runs()[0]
    assert (again.planned, again.attempt, again.exit) == (run.planned, 2, None)
    assert lock.holders(tmp_path, "demo")
    three = supervise(tmp_path, "--metrics-port", "0")
    try:
        wait_for(lambda: ledger.runs()[0].exit is not None, 100)
    finally:
        three.send_signal(signal.SIGTERM)
        three.communicate(timeout=60)
    assert len(ledger.runs()) == 2, "the adopted run was started a second time"
    assert ledger.runs()[0].exit is Exit.OK


def test_a_crawl_that_hangs_is_stopped_and_told_so(site, tmp_path, ledger):
    """Its crawling half is stopped dead (SIGSTOP): no budget of its own can end it."""
    declare(tmp_path, site, schedule="hourly", delay=0.2, max_minutes=0.01)
    code = (
        "import crawler.supervisor as s; s.SETTLE, s.URGE = 8.0, 2.0\n"
        f"from crawler.cli import main; import sys; sys.argv = ['morestories', 'schedule', 'run',"
        f" '--once', '--floor', '0', '--archive', {str(tmp_path)!r}]; main()"
    )
    one = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(lambda: len(lock.holders(tmp_path, "demo") or ()) == 2, 60)
    _, crawling = lock.holders(tmp_path, "demo") or (0, 0)
    os.kill(crawling, signal.SIGSTOP)
    said, _ = one.communicate(timeout=120)
    assert one.returncode == Exit.PARTLY, said
    assert "does not end" in said
    (run,) = ledger.runs()
    assert run.exit is Exit.HUNG
    assert lock.holders(tmp_path, "demo") is None
    with pytest.raises(ProcessLookupError):
        os.kill(crawling, 0)


def test_notify_tells_once_what_changed(site, tmp_path, ledger):
    declare(tmp_path, site, schedule="hourly")
    ledger.note_check("verify", datetime.now(UTC), 0, {})
    (tmp_path / "warc").mkdir()
    notes = tmp_path / "notes.jsonl"
    notify = f"cat >> {notes}; echo >> {notes}"
    assert told(tmp_path, "--notify", notify)["healthy"]
    assert not notes.exists()
    ledger.note_check("verify", datetime.now(UTC), 2, {})
    for _ in range(2):
        assert not told(tmp_path, "--notify", notify)["healthy"]
    ledger.note_check("verify", datetime.now(UTC), 0, {})
    assert told(tmp_path, "--notify", notify)["healthy"]
    first, second = map(json.loads, notes.read_text().split("\n")[:-1])
    assert [one["rule"] for one in first["unwell"]] == ["unverified"]
    assert "2 damages" in first["text"]
    assert second["well"] == [{"portal": "", "rule": "unverified"}]
    # What nobody took is told again.
    ledger.note_check("verify", datetime.now(UTC), 1, {})
    failed = morestories("status", "--floor", "0", "--archive", tmp_path, "--notify", "exit 7")
    assert failed.returncode == Exit.SETTING
    assert "ended with 7" in failed.stderr
    told(tmp_path, "--notify", notify)
    assert len(notes.read_text().splitlines()) == 3


def test_the_unit_of_an_odd_folder_names_that_folder(tmp_path):
    folder = tmp_path / "100%h$HOME"
    shown = morestories("schedule", "unit", "--archive", folder).stdout
    (start,) = [line for line in shown.splitlines() if line.startswith("ExecStart=")]
    assert "100%%h$$HOME" in start
    assert "100%%h$HOME" in shown.splitlines()[1]
