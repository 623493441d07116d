"""Readers beside a writer, and a writer that is killed at any moment."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import archive
from archive.ingest import Ingest
from archive.link import LinkKind
from archive.search.find import find
from archive.store import connect, schema
from archive.warc.reader import read_captures
from tests.archive.store.newspaper import FEED, SITE, address, exchange, story_page, writing
from tests.crawler.crawls import declare, start
from tests.portal_site import PortalSite

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
def test_readers_see_whole_batches_of_a_crawl_and_hold_nobody_up(tmp_path: Path) -> None:
    # A loaded machine may halt one process for long: here only what blocks is found.
    _crawl_beside_readers(tmp_path, held=5, delay=0.25, slower=20)


@pytest.mark.root
@pytest.mark.timeout(600)
def test_no_batch_waits_a_second_for_a_transaction_of_a_minute(tmp_path: Path) -> None:
    _crawl_beside_readers(tmp_path, held=60, delay=0.4, slower=1)


def _crawl_beside_readers(folder: Path, *, held: float, delay: float, slower: float) -> None:
    """Crawl the demo portal while five readers ask and one more holds a transaction open.

    Its WARC is landed twice at once: in the tables that they read, and in some that nobody does.
    What the machine's load costs, both pay: a batch may not take ``slower`` seconds more than
    the slowest of those.
    """
    alone, crawled, stop = folder / "alone", folder / "crawled", folder / "stop"
    alone.mkdir()
    for tables in (folder, alone):
        connect(tables, write=True).close()
    with PortalSite(320) as site, ExitStack() as at_end:
        declare(folder, site, delay=delay, concurrency=1)
        crawl = at_end.enter_context(start(folder))
        at_end.callback(lambda: (crawled.touch(), stop.touch(), crawl.kill()))
        beside, by_itself = (_start("lands", folder, crawled, t) for t in (folder, alone))
        readers = [_start("reads", folder, stop) for _ in range(READERS)]
        holder = _start("holds", folder, held)
        for process in (*readers, holder):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        transaction = _answer(holder)
        assert crawl.poll() is None  # so it went on all the while
        crawl.send_signal(signal.SIGINT)
        crawl.communicate()
        crawled.touch()
        landings, unread = _answer(beside), _answer(by_itself)
        stop.touch()
        answers = [_answer(reader) for reader in readers]
    captures = [_tables(tables)["captures"] for tables in (folder, alone)]
    assert captures[0] == captures[1]
    kept = sum(1 for warc in (folder / "warc").glob("*.warc.gz") for _ in read_captures(warc))
    assert len(captures[0]) == kept
    for seen in answers:
        assert seen["torn"] == []
        assert seen["counts"] == sorted(seen["counts"])
        assert seen["counts"][0] < seen["counts"][-1] == kept
    assert len(transaction["seen"]) == 1  # batches landed meanwhile, but it saw what it began with
    assert transaction["after"] > transaction["seen"]
    meanwhile = [b for a, b in landings if transaction["began"] < a and b < transaction["ended"]]
    assert len(meanwhile) >= max(1, held // 10)
    assert max(b - a for a, b in landings) < max(b - a for a, b in unread) + slower


def test_files_get_few_in_one_ingest_and_who_comes_meanwhile_misses_nothing(
    tmp_path: Path,
) -> None:
    connect(tmp_path, write=True).close()
    _write(tmp_path, files=1, stories=60)
    stop = tmp_path / "stop"
    reader = _start("opens", tmp_path, stop)
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        assert _answer(_start("merges", tmp_path)) == 120
    finally:
        stop.touch()
    seen = _answer(reader)
    assert seen["torn"] == []
    assert seen["counts"] == sorted(seen["counts"])
    assert max(seen["waits"]) < 30  # a second alone; a machine that does much else takes its time
    written = list((tmp_path / "lake" / "main" / "captures").glob("*.parquet"))
    with connect(tmp_path) as connection:
        left = connection.execute("FROM ducklake_list_files('lake', 'captures')").fetchall()
    assert len(left) < 8 < 24 <= len(written)
