"""Ctrl-C, a full disk behind a pipe, and a reader that has seen enough: no traceback, no hanging."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

import archive

COMMAND = [sys.executable, "-c", "from crawler.cli import main; main()"]
ENDLESS = "SELECT count(*) FROM range(100000000000) r WHERE hash(r.range) % 77 = 1"


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/full")


@contextmanager
def _start(
    *words: str | Path, stdout: int | IO[str] = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _asks(process: subprocess.Popen[str]) -> bool:
    """Tell whether a question has kept the processor busy for long: nothing else takes so much."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) > 600  # hundredths of a second


@pytest.mark.parametrize("form", ["table", "csv"])
def test_ctrl_c_ends_a_long_question(form: str, landed: Path) -> None:
    with _start("sql", ENDLESS, "--format", form, "--archive", landed) as process:
        while not _asks(process):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + told


def test_ctrl_c_while_the_commands_are_loaded_shows_nothing(landed: Path) -> None:
    with _start("query", "newest", "--archive", landed) as process:
        while "duckdb" not in Path(f"/proc/{process.pid}/maps").read_text():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told


def test_what_ends_a_block_is_told_though_it_is_closed(landed: Path) -> None:
    with pytest.raises(ZeroDivisionError), archive.open(landed) as db:
        db.close()
        raise ZeroDivisionError


def test_a_pipe_onto_a_full_disk_is_said(landed: Path) -> None:
    with (
        Path("/dev/full").open("w") as full,
        _start("query", "newest", "--archive", landed, stdout=full) as process,
    ):
        _, told = process.communicate(timeout=60)
    assert process.returncode == 4
    assert told == "morestories: no room left on the disk, or standard output's\n"


def test_a_reader_that_has_seen_enough_ends_an_answer_silently(landed: Path) -> None:
    sql = "SELECT range FROM range(1000000)"
    with _start("sql", sql, "--format", "csv", "--archive", landed) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "range\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 1
