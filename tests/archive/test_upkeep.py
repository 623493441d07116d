from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import exclusions, ingest, upkeep
from archive.errors import StoreError
from archive.exclusions import target
from archive.ingest import Ingest
from archive.ledger import Ledger
from archive.store import lock
from archive.store.lock import writer_lock
from archive.store.reader import open
from archive.upkeep import Read, due, keep_up, read_back
from archive.warc.recover import sealed_warcs
from tests.archive.store.newspaper import first_crawl, second_crawl, write, writing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return four sealed WARCs, not in the tables yet."""
    for crawl, some in (("one", first_crawl()), ("two", second_crawl())):
        write(tmp_path, crawl, some[:3])
        write(tmp_path, crawl, some[3:])
    return tmp_path


def run(archive: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crawler.cli", "maintain", "--archive", str(archive), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_seals_lands_and_reads_what_a_crash_left(tmp_path: Path) -> None:
    with writing(tmp_path, "one") as writer:
        for one in first_crawl():
            writer.write(one)
            writer.sync()
    (sealed,) = sealed_warcs(tmp_path)
    sealed.rename(sealed.with_name(sealed.name + ".open"))  # as a kill leaves it
    for name in ("fixity.jsonl", "index.cdxj"):
        (tmp_path / name).unlink()
    done = keep_up(tmp_path, NOW)
    assert [one.done for one in done.recovered] == ["sealed"]
    assert (done.captures, done.files, done.known) == (len(first_crawl()), 1, 1)
    assert (done.damages, dict(done.left), done.oldest) == ((), {}, NOW)
    with open(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM articles").fetchall() > [(5,)]


def test_daily_slices_read_the_whole_archive_in_time(archive: Path) -> None:
    days, seen = 4, []
    for day in range(days):
        before = read_back(archive)
        done = keep_up(archive, NOW + timedelta(days=day), days=days)
        seen.append({name for name, one in read_back(archive).items() if before.get(name) != one})
    assert set().union(*seen) == {path.name for path in sealed_warcs(archive)}
    assert max(map(len, seen)) < 4  # not all at once
    assert done.oldest is not None
    assert NOW + timedelta(days=days - 1) - done.oldest < timedelta(days=days)


def test_the_longest_unread_come_first_and_none_waits_past_its_day(tmp_path: Path) -> None:
    warcs = [tmp_path / name for name in "abcd"]
    for path in warcs:
        path.write_bytes(b"x" * 100)
    ages = {"a": 3, "b": 179, "c": 200, "d": 1}
    read = {name: Read(NOW - timedelta(days=age), 0) for name, age in ages.items()}
    assert [path.name for path in due(warcs, read, NOW, 180, None)] == ["c", "b"]
    assert [path.name for path in due(warcs, read, NOW, 180, 100)] == ["c"]
    assert due(warcs, read, NOW, 180, 0) == []
    del read["d"]
    assert [path.name for path in due(warcs, read, NOW, 180, 150)] == ["d", "c"]
    read["a"] = Read(NOW, 2)  # it was damaged: it may have been brought back
    assert "a" in [path.name for path in due(warcs, read, NOW, 180, 0)]


def test_damage_is_named_noted_and_read_again_until_it_is_gone(archive: Path) -> None:
    keep_up(archive, NOW, most=1 << 40)
    victim = sealed_warcs(archive)[2]
    whole = victim.read_bytes()
    victim.write_bytes(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
    done = run(archive, "--slice", "1GB", "--json")
    assert done.returncode == 9
    assert {one["file"] for one in json.loads(done.stdout)["damages"]} == {victim.name}
    ledger = Ledger(archive)
    check = ledger.last_check("verify")
    assert check is not None
    assert check.damages > 0
    victim.write_bytes(whole)
    assert run(archive, "--slice", "0").returncode == 0
    check = ledger.last_check("verify")
    assert check is not None
    assert check.damages == 0
    ledger.close()


def test_a_revisit_is_checked_against_an_original_in_another_file(archive: Path) -> None:
    """Each file is read alone; the index knows what is in the others."""
    for path in sealed_warcs(archive):
        from archive.warc.verify import verify_some

        keep_up(archive, NOW, most=0)
        assert [report.damages for _, report in verify_some(archive, [path])] == [()]


def test_damaged_exclusions_are_damage(archive: Path) -> None:
    exclusions.exclude(archive, target("demo"), reason="x", by="me", now=NOW)
    (archive / exclusions.FILE).write_bytes(b"")
    done = keep_up(archive, NOW)
    assert [one.file for one in done.damages] == [exclusions.FILE]


@contextmanager
def many_small_files(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ingest, "BATCH", 2)
    Ingest(archive, workers=1).run()
    monkeypatch.setattr(upkeep, "SMALL", 1)
    yield


def test_files_are_not_merged_under_a_reader(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with many_small_files(archive, monkeypatch):
        reader = open(archive)
        done = keep_up(archive, NOW, most=0, patience=0.1)
        assert set(done.left) == {"merging"}
        assert f"`fuser -v {archive / 'readers.lock'}` shows who" in done.left["merging"]
        before, after = done.small_files
        assert after == before > 1
        reader.close()
        done = keep_up(archive, NOW, most=0, patience=0.1)
        assert dict(done.left) == {}
        assert done.small_files[1] < before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_reader_without_the_right_to_write_is_seen(archive: Path) -> None:
    Ingest(archive, workers=1).run()
    (archive / lock.READERS).chmod(0o444)
    read = lock.reading(archive)
    (archive / lock.READERS).chmod(0o644)
    with lock.unread(archive, 0.0) as alone:
        assert not alone
    read()
    with lock.unread(archive, 0.0) as alone:
        assert alone


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_sqlite_may_not_write_is_said(archive: Path) -> None:
    Ingest(archive, workers=1).run()
    archive.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="wants the right to write in its folder"):
            open(archive)
    finally:
        archive.chmod(0o755)


def test_a_merge_that_fails_ends_no_ingest(
    archive: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ingest, "MANY", 1)
    (archive / lock.READERS).mkdir()
    report = Ingest(archive, workers=1).run()
    assert report.total
    assert "small files are left as they are" in caplog.text
    (archive / lock.READERS).rmdir()
    assert captures(archive)


def captures(archive: Path) -> list[tuple[int]]:
    with open(archive) as connection:
        return connection.execute("SELECT capture FROM captures ORDER BY ALL").fetchall()


def test_a_merge_keeps_every_row(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with many_small_files(archive, monkeypatch):
        before = captures(archive)
        done = keep_up(archive, NOW, most=0, patience=1)
        assert dict(done.left) == {}
        assert done.small_files[1] <= done.small_files[0]
        assert captures(archive) == before


def test_beside_a_writer_the_tables_are_left(archive: Path) -> None:
    with writer_lock(archive, lambda: None):
        done = run(archive, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert set(told["left"]) == {"landing", "merging"}
    assert told["files"] >= 1


def test_what_it_did_is_in_the_ledger(archive: Path) -> None:
    assert run(archive, "--slice", "0").returncode == 0
    ledger = Ledger(archive)
    assert ledger.last_check("maintain") is not None
    assert ledger.last_check("verify") is None  # nothing was read
    assert run(archive, "--slice", "1GB").returncode == 0
    assert ledger.last_check("verify") is not None
    ledger.close()
