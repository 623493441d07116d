"""Many small files become few, and no row changes."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import archive
import archive.ingest
from archive.ingest import Ingest
from archive.search.find import find
from archive.store import connect, schema
from archive.store.maintenance import merge, small_files
from tests.archive.store.ingests import PagesHere
from tests.archive.store.newspaper import write_all


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an archive that was landed in batches of two captures."""
    monkeypatch.setattr(archive.ingest, "BATCH", 2)
    monkeypatch.setattr(archive.ingest, "Pages", PagesHere)
    write_all(tmp_path)
    Ingest(tmp_path).run()
    return tmp_path


def tables(connection: Any) -> dict[str, list[tuple[Any, ...]]]:
    return {
        t.name: connection.execute(f"FROM {t.name} ORDER BY ALL").fetchall() for t in schema.TABLES
    }


def test_an_ingest_that_merges_as_it_goes_ends_in_the_same_rows_copies_and_hits(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive.ingest, "MERGED", 0.0)
    monkeypatch.setattr(archive.ingest, "SELDOM", 0)
    monkeypatch.setattr(archive.ingest, "MANY", 2)
    # The index and the copies follow every few batches, across merges of what they have seen.
    monkeypatch.setattr(archive.ingest, "SEARCHABLE", 0.3)
    monkeypatch.setattr(archive.ingest, "COMPARED", 0.5)
    merged = tmp_path_factory.mktemp("merged")
    shutil.copytree(folder / "warc", merged / "warc")
    Ingest(merged).run()
    with connect(folder) as plain, connect(merged) as connection:
        assert small_files(connection) < small_files(plain) / 2
        assert tables(connection) == tables(plain)
    assert find(merged, "बर्फबारी", limit=50).total == find(folder, "बर्फबारी", limit=50).total > 5


def test_merging_changes_no_row_now_or_as_of_then(folder: Path) -> None:
    with connect(folder, write=True) as connection:
        before = tables(connection)
        files = small_files(connection)
        middle = connection.execute(
            "SELECT snapshot_time FROM lake.snapshots() ORDER BY snapshot_id LIMIT 1 OFFSET 8"
        ).fetchone()
        assert middle is not None
        with archive.open(folder, as_of=middle[0]) as then:
            then_before = tables(then)
        merge(connection, lambda: nullcontext(True))
        assert tables(connection) == before
        assert small_files(connection) < files / 2
    with archive.open(folder) as reader:
        assert tables(reader) == before
    with archive.open(folder, as_of=middle[0]) as then:
        assert tables(then) == then_before
    assert 0 < len(then_before["captures"]) < len(before["captures"])
