"""``archive.open``: what came of it reads as it does, and merging waits for exactly as long."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import archive
from archive import exclusions
from archive.errors import BadSetting
from archive.exclusions import target
from archive.ingest import Ingest
from archive.store.lock import unread, writer_lock
from tests.archive.store.newspaper import address, write_all

FOUND = "SELECT url FROM search('थमी') JOIN articles USING (article)"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    write_all(folder)
    Ingest(folder, workers=1).run()
    return folder


@pytest.fixture
def folder(made: Path) -> Iterator[Path]:
    yield made
    for name in (exclusions.FILE, exclusions.HEAD):
        (made / name).unlink(missing_ok=True)
    assert not is_read(made)


def is_read(folder: Path) -> bool:
    gc.collect()
    with unread(folder, 0.0) as free:
        return not free


def test_closing_ends_the_reading_while_the_object_lives(folder: Path) -> None:
    reader = archive.open(folder)
    assert is_read(folder)
    reader.close()
    assert not is_read(folder)
    with archive.open(folder) as again:
        assert is_read(folder)
    assert not is_read(folder)
    with pytest.raises(duckdb.ConnectionException):
        again.execute("SELECT 1")


def test_a_file_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="file is a file: name the folder of an archive"):
        archive.open(tmp_path / "file")


def test_a_cursor_reads_as_its_connection_does(folder: Path) -> None:
    exclusions.exclude(folder, target(address(1)), reason="order 12", by="court", now=NOW)
    with archive.open(folder) as reader:
        cursor = reader.cursor().cursor()
        for sql in (FOUND, "FROM articles ORDER BY url", "SELECT current_setting('TimeZone')"):
            assert cursor.execute(sql).fetchall() == reader.execute(sql).fetchall() != []
        assert address(1) not in {row[1] for row in cursor.execute("FROM articles").fetchall()}


def test_a_cursor_is_closed_with_its_connection(folder: Path) -> None:
    reader = archive.open(folder)
    cursor = reader.cursor()
    reader.close()
    with pytest.raises(duckdb.ConnectionException):
        cursor.execute("SELECT 1")


def test_a_cursor_outlives_a_forgotten_connection_and_so_does_the_reading(folder: Path) -> None:
    cursor = archive.open(folder).cursor()
    assert is_read(folder)
    assert cursor.execute(FOUND).fetchall() == [(address(2),)]
    cursor.close()
    assert is_read(folder) is False


def test_a_relation_and_a_stream_are_reading(folder: Path) -> None:
    def ask() -> None:  # a frame of its own: DuckDB looks into it, so it may hold what it names
        relation = archive.open(folder).sql(FOUND).filter("url <> ''")
        assert is_read(folder)
        assert relation.fetchall() == [(address(2),)]

    ask()
    assert not is_read(folder)
    with archive.open(folder) as reader:
        stream = reader.execute("SELECT url FROM articles").to_arrow_reader(2)
    assert is_read(folder)
    assert stream.read_next_batch().num_rows
    del stream, reader


_TAKE = """import fcntl, os, sys
fcntl.lockf(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)"""


def is_used(folder: Path) -> bool:
    """Tell whether this process holds SQLite's lock for as long as it uses the shared memory."""
    command = [sys.executable, "-c", _TAKE, str(folder / "catalog.sqlite-shm")]
    return subprocess.run(command, capture_output=True).returncode != 0


def test_who_opens_one_more_takes_no_lock_of_sqlite_away(folder: Path) -> None:
    with archive.open(folder) as reader, writer_lock(folder, lambda: None):
        reader.execute("BEGIN")
        reader.execute("FROM captures").fetchall()
        assert is_used(folder)
        archive.open(folder).close()
        assert is_used(folder)


def test_names_of_frames_are_tables_and_duckdb_s_own_connection_is_there(folder: Path) -> None:
    wanted = duckdb.sql(f"SELECT '{address(2)}' AS url").to_arrow_table()
    with archive.open(folder) as reader:
        assert reader.execute(
            "SELECT count(*) FROM articles JOIN wanted USING (url)"
        ).fetchone() == (1,)
        assert isinstance(reader.duckdb, duckdb.DuckDBPyConnection)
        assert "to_arrow_table" in dir(reader)
    assert wanted.num_rows == 1
