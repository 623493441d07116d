"""An old archive, migrated, is the archive that a rebuild of its WARC files makes."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

import archive
import archive.ingest
from archive.errors import StoreError
from archive.ingest import Ingest
from archive.store import connect, connection, migrations, schema
from archive.store.lock import writer_lock
from archive.store.migrations import STEPS, VERSION, Step
from tests.archive.store import version_1
from tests.archive.store.ingests import PagesHere
from tests.archive.store.newspaper import write_all


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rebuilt")
    write_all(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive.ingest, "Pages", PagesHere)
        Ingest(folder).run()
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return an archive of the present version, for steps that the tests add."""
    connect(tmp_path, write=True).close()
    return tmp_path


def everything(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    names = [part.name for part in (*schema.TABLES, *schema.VIEWS)]
    with archive.open(folder) as reader:
        return {n: reader.execute(f"FROM {n} ORDER BY ALL").fetchall() for n in names}


def stored(folder: Path) -> list[tuple[Any, ...]]:
    """Return how every table is kept: order, comments, options."""
    with archive.open(folder) as reader:
        options = reader.execute(
            "SELECT option_name, value, scope_entry FROM ducklake_options('lake') "
            "WHERE option_name <> 'data_path'"
        ).fetchall()
        comments = reader.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE database_name = 'lake' AND table_name <> 'schema_version'"
        ).fetchall()
    return sorted(options, key=str) + sorted(comments, key=str)


@pytest.mark.parametrize("version", range(1, VERSION))
def test_migrated_equals_rebuilt(
    version: int, rebuilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive.ingest, "Pages", PagesHere)
    shutil.copytree(rebuilt / "warc", tmp_path / "warc")
    version_1.make(tmp_path, rebuilt, version)
    assert versions(tmp_path) == [version]
    Ingest(tmp_path).run()
    assert everything(tmp_path) == everything(rebuilt)
    assert stored(tmp_path) == stored(rebuilt)
    assert len(everything(tmp_path)["captures"]) == 19


ADDED = (
    Step("notes beside captures", ("CREATE TABLE notes (capture BIGINT)",)),
    Step("a note says why", ("ALTER TABLE notes ADD COLUMN why VARCHAR",)),
)
BROKEN = Step("fails half-way", ("CREATE TABLE half (a INTEGER)", "SELECT error('no')"))


def versions(folder: Path) -> list[int]:
    with connection.bare() as reader:
        reader.execute(connection.attach_line(folder))
        rows = reader.execute("SELECT version FROM lake.schema_version ORDER BY ALL").fetchall()
    return [version for (version,) in rows]


def migrate(folder: Path, *steps: Step) -> None:
    with connection.bare() as writer:
        writer.execute(connection.attach_line(folder, write=True))
        writer.execute("USE lake")
        found = migrations.version(writer)
        assert found is not None
        migrations.migrate(writer, folder, found, (*STEPS, *steps))


def test_steps_go_in_order_and_say_so(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        migrate(old, *ADDED)
    assert versions(old) == [VERSION, VERSION + 1, VERSION + 2]
    assert f"from version {VERSION} to {VERSION + 1}: notes beside captures" in caplog.text
    with connection.bare() as reader:
        reader.execute(connection.attach_line(old))
        assert reader.execute("SELECT capture, why FROM lake.notes").fetchall() == []


def test_a_step_that_fails_leaves_nothing_of_itself(old: Path) -> None:
    with pytest.raises(duckdb.Error, match="no"):
        migrate(old, ADDED[0], BROKEN, ADDED[1])
    assert versions(old) == [VERSION, VERSION + 1]
    with connection.bare() as reader:
        reader.execute(connection.attach_line(old))
        names = {n for (n,) in reader.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "notes" in names
    assert "half" not in names


def test_a_step_that_needs_the_pages_sends_to_rebuild_and_changes_nothing(old: Path) -> None:
    with pytest.raises(StoreError, match=f"morestories rebuild --archive {old}"):
        migrate(old, ADDED[0], Step("pages say more now", reread=True))
    assert versions(old) == [VERSION]


def test_readers_of_an_older_archive_are_told_what_to_do(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "VERSION", VERSION + 1)
    with pytest.raises(StoreError, match=f"older morestories.*morestories ingest --archive {old}"):
        archive.open(old)


def test_what_a_crash_left_unset_is_set_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cut", "whole"):
        (tmp_path / name).mkdir()
    with monkeypatch.context() as crash:
        crash.setattr(migrations, "set_options", lambda _: None)
        connect(tmp_path / "cut", write=True).close()
    connect(tmp_path / "whole", write=True).close()
    assert stored(tmp_path / "cut") != stored(tmp_path / "whole")
    connect(tmp_path / "cut", write=True).close()
    assert stored(tmp_path / "cut") == stored(tmp_path / "whole")


def test_a_reader_waits_for_tables_that_are_just_being_made(tmp_path: Path) -> None:
    answers: list[Any] = []

    def ask() -> None:
        with archive.open(tmp_path) as reader:
            answers.append(reader.execute("SELECT count(*) FROM articles").fetchone())

    (tmp_path / "warc").mkdir()
    with writer_lock(tmp_path, lambda: None):
        readers = [threading.Thread(target=ask) for _ in range(3)]
        readers[0].start()  # no catalog at all
        time.sleep(0.2)
        (tmp_path / "catalog.sqlite").touch()
        readers[1].start()  # an empty one
        time.sleep(0.2)
        with connection.bare() as writer:
            writer.execute(connection.attach_line(tmp_path, write=True))
            readers[2].start()  # one without our tables
            time.sleep(0.2)
            assert answers == []
            writer.execute("USE lake")
            migrations.make(writer)
        for reader in readers:
            reader.join(30)
    assert answers == [(0,)] * 3


def test_a_reader_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAKING", 0.1)
    (tmp_path / "catalog.sqlite").touch()
    with (
        writer_lock(tmp_path, lambda: None),
        pytest.raises(StoreError, match="just being made by another process"),
    ):
        archive.open(tmp_path)
