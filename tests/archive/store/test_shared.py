"""The shared form of the lake: catalog in PostgreSQL, Parquet files in a folder or in a bucket."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

import archive
from archive.errors import BadSetting, StoreError
from archive.ingest import Ingest
from archive.rebuild import rebuild
from archive.search.find import find
from archive.store import lock, schema
from archive.store.connection import attach_line, bare, connect, extension, share
from archive.store.lake import lake_of
from archive.store.maintenance import merge, small_files
from archive.store.postgres import READER
from archive.upkeep import keep_up
from crawler.cli.main import app
from tests.archive.store.newspaper import address, exchange, story_page, write_all, writing
from tests.postgresql import postgresql

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as socket:
        yield socket


@pytest.fixture
def catalog(server: str) -> str:
    """Return the address of an empty database."""
    name = f"lake{uuid.uuid4().hex}"
    with psycopg.connect(f"postgresql://postgres@/postgres?host={server}", autocommit=True) as one:
        one.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql://postgres@/{name}?host={server}"


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "parquet")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the newspaper's archive in the form that is one folder."""
    folder = tmp_path_factory.mktemp("local")
    write_all(folder)
    Ingest(folder, workers=1).run()
    return folder


@pytest.fixture(scope="module")
def local(papers: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return its rows."""
    return tables(papers)


@pytest.fixture
def bring(papers: Path) -> Callable[..., None]:
    """Return what puts the WARC files of these crawls into another archive: rows name the files."""

    def brought(folder: Path, *crawls: str) -> None:
        (folder / "warc").mkdir(parents=True, exist_ok=True)
        days = {"one": "20260301", "two": "20260302"}
        for crawl in crawls:
            (file,) = (papers / "warc").glob(f"khabar-{days[crawl]}*.warc.gz")
            shutil.copy(file, folder / "warc")

    return brought


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with archive.open(folder) as connection:
        return {
            t.name: connection.execute(f"FROM {t.name} ORDER BY ALL").fetchall()
            for t in schema.TABLES
        }


def command(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--archive", str(folder)])


def start(what: str, folder: Path, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.archive.store.ingests", what, str(folder), *map(str, words)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def answer(process: subprocess.Popen[str]) -> Any:
    told, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    return json.loads(told.splitlines()[-1])


def test_the_rows_are_those_of_the_local_form(tmp_path, catalog, data, local, bring) -> None:
    folder = tmp_path / "archive"
    bring(folder, "one")
    done = command(folder, "ingest", "--catalog", catalog, "--data", data, "--workers", "1")
    assert done.exit_code == 0, done.output
    bring(folder, "two")
    assert command(folder, "ingest", "--workers", "1").exit_code == 0  # lake.toml remembers
    assert tables(folder) == local
    assert not (folder / "catalog.sqlite").exists()
    assert not (folder / "lake").exists()
    assert find(folder, "बर्फबारी").total > 5
    told = command(folder, "sql", "SELECT count(*) AS n FROM articles", "--format", "json")
    assert json.loads(told.stdout)[0]["n"] == len(
        [row for row in local["texts"] if row is not None and _latest(row)]
    )


def _latest(row: tuple[Any, ...]) -> bool:
    (texts,) = [table for table in schema.TABLES if table.name == "texts"]
    names = [column.name for column in texts.columns]
    return bool(row[names.index("latest")]) and row[names.index("page")] is None


def test_maintain_rebuild_and_as_of(tmp_path, catalog, data, local, bring) -> None:
    folder = tmp_path / "archive"
    share(folder, catalog, data)
    bring(folder, "one")
    Ingest(folder, workers=1).run()
    then = tables(folder)
    with connect(folder) as connection:
        (moment,) = connection.execute(
            "SELECT max(snapshot_time) FROM lake.snapshots()"
        ).fetchone() or (None,)
    bring(folder, "two")
    Ingest(folder, workers=1).run()
    with archive.open(folder, as_of=moment) as reader:
        seen = reader.execute("FROM captures ORDER BY ALL").fetchall()
    assert seen == then["captures"]
    with connect(folder, write=True) as connection:
        before = small_files(connection)
        merge(connection, lambda: nullcontext(True))
        assert small_files(connection) < before
    assert tables(folder) == local
    with archive.open(folder) as reader:
        rebuild(folder, workers=1)
        assert reader.execute("FROM captures ORDER BY ALL").fetchall() == local["captures"]
    assert "morestories_2" in attach_line(folder)
    assert tables(folder) == local
    assert find(folder, "बर्फबारी").total > 5
    rebuild(folder, workers=1)  # deletes the first, keeps the second
    with psycopg.connect(catalog) as connection:
        named = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'morestories%' ORDER BY 1"
        ).fetchall()
    assert named == [("morestories_2",), ("morestories_3",)]
    assert tables(folder) == local


def test_two_machines_share_it(tmp_path, catalog, data, local, bring) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        share(folder, catalog, data)
    bring(one, "one")
    bring(other, "two")
    Ingest(one, workers=1).run()
    Ingest(other, workers=1).run()
    assert tables(one)["captures"] == local["captures"]
    assert [row[0] for row in tables(one)["texts"]] == [row[0] for row in local["texts"]]
    before = find(one, "बर्फबारी").total
    Ingest(one, workers=1).run()  # its index follows what the other landed
    assert before < find(one, "बर्फबारी").total == find(other, "बर्फबारी").total
    with pytest.raises(BadSetting, match="would lose these rows"):
        rebuild(other, workers=1)
    assert tables(one)["captures"] == local["captures"]
    bring(other, "one")
    rebuild(other, workers=1)
    Ingest(one, workers=1).run()  # notices that its index is one of the older tables
    assert tables(one) == local
    assert find(one, "बर्फबारी").total == find(other, "बर्फबारी").total


def in_small_batches(
    one: Path, other: Path, catalog: str, data: str, bring: Callable[..., None]
) -> int:
    """Let two machines share a lake with many small files; return how many."""
    for folder in (one, other):
        share(folder, catalog, data)
    bring(one, "one", "two")
    with pytest.MonkeyPatch.context() as small:
        small.setattr("archive.ingest.BATCH", 2)
        Ingest(one, workers=1).run()
    with connect(one, write=True) as connection:
        return small_files(connection)


def test_a_reader_on_another_machine_stops_a_merge(tmp_path, catalog, data, local, bring) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    before = in_small_batches(one, other, catalog, data, bring)
    cursor = archive.open(other).cursor()  # of a connection that nobody holds any more
    gc.collect()
    done = keep_up(one, datetime.now(UTC), most=0, patience=0.3)
    assert set(done.left) == {"merging"}
    assert "pg_stat_activity WHERE application_name = 'morestories reader'" in done.left["merging"]
    assert done.small_files == (before, before)
    with psycopg.connect(catalog) as connection:
        found = connection.execute(
            f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{READER}'".encode()
        ).fetchall()
    assert found == [(1,)]
    Ingest(one, workers=1).run()  # does not wait for it either
    assert cursor.execute("FROM captures ORDER BY ALL").fetchall() == local["captures"]
    cursor.close()
    done = keep_up(one, datetime.now(UTC), most=0, patience=5.0)
    assert dict(done.left) == {}
    assert done.small_files[1] < before / 4
    assert tables(other) == local


def test_who_comes_while_files_are_merged_waits(tmp_path, catalog, data, local, bring) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    in_small_batches(one, other, catalog, data, bring)
    rows: list[Any] = []
    reader = threading.Thread(target=lambda: rows.append(tables(other)))
    with lock.unread(one, 0.0) as alone:
        assert alone
        reader.start()
        reader.join(1.0)
        assert reader.is_alive()
        with connect(one, write=True) as connection:
            assert merge(connection, lambda: nullcontext(True))
    reader.join()
    assert rows == [local]


def test_who_may_only_read_is_seen(tmp_path, catalog, data, local, bring) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    share(one, catalog, data)
    bring(one, "one", "two")
    Ingest(one, workers=1).run()
    with psycopg.connect(catalog) as connection:
        connection.execute(
            "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; "
            "GRANT USAGE ON SCHEMA morestories_1 TO guest; "
            "GRANT SELECT ON ALL TABLES IN SCHEMA morestories_1 TO guest"
        )
    share(other, catalog.replace("postgres@", "guest@"), data)
    with archive.open(other) as reader, lock.unread(one, 0.0) as alone:
        assert not alone
        assert reader.execute("FROM captures ORDER BY ALL").fetchall() == local["captures"]
    with lock.unread(one, 5.0) as alone:
        assert alone


def test_the_line_for_other_clients_stops_a_merge(tmp_path, catalog, data) -> None:
    share(tmp_path, catalog, data)
    told = (ROOT / "docs" / "research.md").read_text(encoding="utf-8")
    line = re.search(r"SELECT pg_advisory_lock_shared\(\d+, \d+\)", told)
    assert line
    with psycopg.connect(catalog) as client:
        client.execute(line[0].encode())
        with lock.unread(tmp_path, 0.0) as alone:
            assert not alone
    with lock.unread(tmp_path, 5.0) as alone:
        assert alone


def test_readers_see_whole_batches_while_a_writer_lands(tmp_path, catalog, data) -> None:
    folder = tmp_path / "archive"
    share(folder, catalog, data)
    connect(folder, write=True).close()
    with writing(folder, "one") as writer:
        for number in range(1, 31):
            writer.write(exchange(address(number), story_page(number), number))
    stop = tmp_path / "stop"
    readers = [start("reads", folder, stop) for _ in range(2)]
    try:
        for process in readers:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        holder = start("holds", folder, 5)
        assert answer(start("merges", folder)) == 30
        transaction = answer(holder)
    finally:
        stop.touch()
    for seen in [answer(reader) for reader in readers]:
        assert seen["torn"] == []
        assert seen["counts"] == sorted(seen["counts"])
        assert seen["counts"][0] == 0
        assert seen["counts"][-1] == 30
    assert len(transaction["seen"]) == 1
    assert transaction["after"] == [[30]]


def test_a_second_ingest_waits_and_says_so(tmp_path, catalog, data, local, bring) -> None:
    one, other = tmp_path / "one", tmp_path / "other"  # two folders: no file lock is shared
    for folder in (one, other):
        share(folder, catalog, data)
    bring(other, "one", "two")
    assert not lock.is_held(one)
    with lock.writer_lock(one, lambda: None):
        assert lock.is_held(other)
        second = subprocess.Popen(
            [sys.executable, "-m", "crawler.cli", "ingest", "--archive", str(other)],
            cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert second.stderr is not None
        assert "waiting for it to finish" in second.stderr.readline()
        assert second.poll() is None
    second.communicate(timeout=120)
    assert second.returncode == 0
    assert tables(other) == local
    assert not lock.is_held(one)


def test_the_lock_goes_with_its_holder(tmp_path, catalog, data) -> None:
    share(tmp_path, catalog, data)
    code = (
        "import sys, time; from pathlib import Path; from archive.store.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1]), print): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert lock.is_held(tmp_path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    patience = time.monotonic() + 20
    while lock.is_held(tmp_path):
        assert time.monotonic() < patience
        time.sleep(0.05)


def test_kills_lose_nothing_and_double_nothing(tmp_path, catalog, data, local, bring) -> None:
    folder = tmp_path / "archive"
    share(folder, catalog, data)
    bring(folder, "one", "two")
    assert answer(start("killed", folder, 6, 20261124))["killed"] >= 2
    Ingest(folder, workers=1).run()
    assert tables(folder) == local


def test_any_duckdb_client_attaches_it(tmp_path, catalog, data, bring) -> None:
    folder = tmp_path / "archive"
    share(folder, catalog, data)
    bring(folder, "one", "two")
    Ingest(folder, workers=1).run()
    with bare() as client:
        client.execute(f"LOAD '{extension('postgres_scanner')}'")
        client.execute(attach_line(folder))
        assert client.execute("SELECT count(*) FROM lake.articles").fetchone() != (0,)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/news", "127.0.0.1"),
        ("postgresql://me:geheim@db.example/news", "PGPASSWORD"),
        ("postgresql://me@db.example/news?password=geheim", "PGPASSWORD"),
        ("mysql://me@db.example/news", "postgresql://"),
    ],
)
def test_a_wrong_catalog_is_said(tmp_path: Path, named: str, said: str) -> None:
    with pytest.raises((BadSetting, StoreError)) as caught:
        share(tmp_path, named)
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert not (tmp_path / "lake.toml").exists()


def test_a_database_or_user_that_is_not_there_is_said(tmp_path, server, catalog) -> None:
    with pytest.raises(StoreError, match="nosuch"):
        share(tmp_path, f"postgresql://postgres@/nosuch?host={server}")
    with pytest.raises(StoreError, match="stranger"):
        share(tmp_path, catalog.replace("postgres@", "stranger@"))


def test_another_lake_or_a_strangers_folder_is_refused(tmp_path, catalog, data) -> None:
    strangers = tmp_path / "mine"
    strangers.mkdir()
    (strangers / "thesis.parquet").write_bytes(b"years of work")
    with pytest.raises(BadSetting, match="not empty"):
        share(tmp_path / "a", catalog, str(strangers))
    share(tmp_path / "a", catalog, data)
    connect(tmp_path / "a", write=True).close()
    with pytest.raises(BadSetting, match=r"lake\.toml names"):
        share(tmp_path / "a", catalog, str(tmp_path / "elsewhere"))
    with pytest.raises(BadSetting, match="does not match"):  # a second machine, misled
        share(tmp_path / "b", catalog, str(tmp_path / "elsewhere"))
    (tmp_path / "a" / "lake.toml").write_text("catalog = 5")
    with pytest.raises(BadSetting, match=r"lake\.toml: write"):
        lake_of(tmp_path / "a")
