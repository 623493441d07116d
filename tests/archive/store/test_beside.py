"""Readers beside a writer, and a writer that is killed at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import archive
from archive.ingest import Ingest
from archive.link import LinkKind
from archive.search.find import find
from archive.store import connect, schema
from tests.archive.store.newspaper import FEED, SITE, address, exchange, story_page, writing

KILLS = 30
READERS = 5


def _start(*words: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.archive.store.ingests", *map(str, words)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )


def _answer(process: subprocess.Popen[str], timeout: float = 500) -> Any:
    stdout, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0
    return json.loads(stdout)


def _write(folder: Path, files: int, stories: int) -> None:
    """Write WARC files of stories and feeds; every third story is an edit of an older one."""
    number = 0
    for crawl in range(files):
        with writing(folder, f"crawl-{crawl:02}", revisits=False) as writer:
            for _ in range(stories):
                number += 1
                story = number // 2 if number % 3 == 0 else number
                page = story_page(story, title=f"खबर {story}, कड़ी {number}")
                writer.write(exchange(address(story), page, number))
                feed = exchange(
                    f"{SITE}/feed/?paged={number}", FEED, number + 0.5, kind=LinkKind.SEED
                )
                writer.write(feed)


def _tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with archive.open(folder) as connection:
        return {
            t.name: connection.execute(f"FROM {t.name} ORDER BY ALL").fetchall()
            for t in schema.TABLES
        }


@pytest.mark.timeout(600)  # 40 s alone, minutes on a machine that does much else
def test_no_row_is_lost_and_none_comes_twice_when_ingest_is_killed(tmp_path: Path) -> None:
    _write(tmp_path, files=16, stories=25)
    killed = _answer(_start("killed", tmp_path, KILLS, 20261124))["killed"]
    assert killed == KILLS  # none was done before: the files hold twice what so many runs land
    Ingest(tmp_path, workers=1).run()
    disturbed = _tables(tmp_path)
    found = find(tmp_path, "खबर").total
    with connect(tmp_path) as connection:
        stories = connection.execute("SELECT count(*) FROM articles").fetchall()
    assert [(found,)] == stories
    for name in ("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    Ingest(tmp_path, workers=1).run()
    assert disturbed == _tables(tmp_path)
    assert len(disturbed["captures"]) == 16 * 25 * 2


@pytest.mark.timeout(300)
def test_readers_see_whole_batches_and_hold_nobody_up(tmp_path: Path) -> None:
    connect(tmp_path, write=True).close()
    _write(tmp_path, files=1, stories=60)
    stop = tmp_path / "stop"
    holder = _start("holds", tmp_path, stop)
    readers = [_start("reads", tmp_path, stop) for _ in range(READERS)]
    try:
        for process in (holder, *readers):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        # It ends while all of them read and one holds its transaction: nobody held it up.
        pauses = _answer(_start("lands", tmp_path))
    finally:
        stop.touch()
    for seen in [_answer(reader) for reader in readers]:
        assert seen["torn"] == []
        assert seen["counts"] == sorted(seen["counts"])
        assert (seen["counts"][0], seen["counts"][-1]) == (0, 120)
    assert _answer(holder) == {"first": [[0]], "last": [[0]]}
    assert max(pauses) < 30  # a second alone; a machine that does much else takes its time
