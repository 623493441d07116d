"""Questions, SQL and exports, asked through the commands and through Python."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

import archive
from archive import query as questions
from archive.cli import export as export_cli
from archive.cli import ingest as ingest_cli
from archive.cli import query as query_cli
from archive.errors import ArchiveError, BadSetting, StoreError
from archive.ingest import Ingest
from archive.store import schema
from tests.archive.store.newspaper import EDITED, address, write_all

app = typer.Typer()
ingest_cli.register(app)
query_cli.register(app)
export_cli.register(app)


def run(*words: str | Path) -> Result:
    """Run a command; its output is in ``stdout`` and ``stderr``, its error in ``exception``."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


@pytest.mark.parametrize("name", questions.names())
def test_a_question_answers_what_its_header_says(name: str, landed: Path) -> None:
    known = questions.load(name)
    assert known.question.endswith("?")
    assert known.time
    assert known.example.startswith(f"morestories query {name}")
    with archive.open(landed) as connection:
        result = questions.ask(connection, known, {})
        assert [c[0] for c in result.description or ()] == [column for column, _ in known.columns]
        assert all(doc for _, doc in known.columns)
        assert all(p.doc for p in known.parameters)


@pytest.mark.parametrize("name", questions.names())
def test_the_example_of_a_question_runs(name: str, landed: Path) -> None:
    words = questions.load(name).example.split()
    assert run(*words[1:], "--archive", landed).exit_code == 0


def test_numbers_are_right(landed: Path) -> None:
    answer = run("query", "more-stories", "--url", address(1), "--archive", landed, "-f", "json")
    rows = json.loads(answer.stdout)
    assert [(row["to_url"], row["archived"]) for row in rows] == [
        (address(2), True),
        (address(3), True),
    ]
    answer = run("query", "most-linked", "--limit", "1", "--archive", landed, "-f", "json")
    (row,) = json.loads(answer.stdout)
    assert (row["url"], row["stories"], row["more_stories"]) == (address(3), 2, 2)


def test_a_wrong_name_suggests_the_nearest(landed: Path) -> None:
    error = run("query", "newst", "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert "did you mean newest?" in str(error)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--nosuch", "1"), "has no parameter 'nosuch'; it takes: --portal, --limit"),
        (("--limit", "many"), "--limit wants a whole number, not 'many'"),
        (("--limit",), "--limit wants a value"),
        (("many",), "'many' is not --PARAMETER VALUE"),
        (("--limit", "-1"), "--limit wants a whole number from 0 on, not '-1'"),
        (("--limit", "1", "--limit=2"), "--limit is given twice"),
        (("--as-of", "garbage"), "'garbage' is not a day or an instant"),
        (("--as-of", ""), "'' is not a day or an instant"),
        (("--as-of", "1990-01-01"), "nothing stood at 1990-01-01"),
        (("--as-of", "9999-12-31T23:59-05:00"), "is not in the years 1 to 9999"),
    ],
)
def test_a_wrong_parameter_is_said_in_words(
    words: tuple[str, ...], message: str, landed: Path
) -> None:
    error = run("query", "newest", *words, "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert message in str(error)


def test_a_value_is_bound_and_never_becomes_sql(landed: Path) -> None:
    hostile = "x' OR true --"
    answer = run("query", "newest", "--portal", hostile, "--archive", landed, "-f", "json")
    assert json.loads(answer.stdout) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM articles",
        "DROP TABLE captures",
        "CREATE TABLE x (a INTEGER)",
        "COPY (SELECT 1) TO '/tmp/never.csv'",
        "ATTACH ':memory:' AS other",
        "SET memory_limit = '1GB'",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/never.csv'",
        "/* EXPLAIN */ EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO '/tmp/never.csv'",
        "/* EXPLAIN (ANALYZE */ EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/never.csv' -- */ SELECT 1",
        "EXPLAIN (FORMAT /*) SELECT 1 --*/ json, ANALYZE) COPY (SELECT 1) TO '/tmp/never.csv'",
        "EXPLAIN /* */ ANALYZE COPY (SELECT 1) TO '/tmp/never.csv'",
        "EXPLAIN DELETE FROM texts",
        "SELECT * FROM ducklake_expire_snapshots('lake', older_than => now())",
        "SELECT * FROM ducklake_delete_orphaned_files('lake', cleanup_all => true)",
        "",
    ],
)
def test_sql_that_is_not_one_read_is_refused(sql: str, landed: Path) -> None:
    before = run("sql", "SELECT count(*) FROM captures", "--archive", landed).stdout
    error = run("sql", sql, "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert not Path("/tmp/never.csv").exists()
    assert run("sql", "SELECT count(*) FROM captures", "--archive", landed).stdout == before


@pytest.mark.parametrize(
    "sql", ["EXPLAIN SELECT 1", "explain analyze (SELECT 1)", "EXPLAIN (FORMAT json) FROM texts"]
)
def test_how_a_select_is_answered_may_be_asked(sql: str, landed: Path) -> None:
    assert run("sql", sql, "--archive", landed).exit_code == 0


def test_sql_from_a_pipe_that_is_no_text_is_refused(landed: Path) -> None:
    words = ["sql", "-", "--archive", str(landed)]
    error = CliRunner().invoke(app, words, input=b"SELECT '\xff'").exception
    assert isinstance(error, BadSetting)
    assert "standard input is not UTF-8" in str(error)
    assert CliRunner().invoke(app, words, input="SELECT 'शिमला'").exit_code == 0


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT nosuch FROM articles", "SELECT 1/0::VARCHAR + 'x'"]
)
def test_sql_that_is_wrong_is_the_asker_s_fault(sql: str, landed: Path) -> None:
    assert isinstance(run("sql", sql, "--archive", landed).exception, BadSetting)


def test_even_past_the_check_the_connection_only_reads(landed: Path) -> None:
    with archive.open(landed) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("DELETE FROM texts")


def test_csv_for_a_pipe_has_no_mark_and_for_a_file_it_has(landed: Path, tmp_path: Path) -> None:
    sql = "SELECT title, authors FROM articles ORDER BY url LIMIT 1"
    piped = run("sql", sql, "--archive", landed, "--format", "csv").stdout
    assert piped.startswith("title,authors")
    file = tmp_path / "titles.csv"
    assert run("sql", sql, "--archive", landed, "-o", file).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbftitle,authors\r\n")
    assert file.read_text(encoding="utf-8-sig").splitlines()[1].endswith(",राकेश शर्मा")


def test_a_table_keeps_hindi_whole_and_square_brackets(landed: Path) -> None:
    shown = run("sql", "SELECT 'बर्फबारी [थमी]' AS title, 7 AS n", "--archive", landed).stdout
    assert "बर्फबारी [थमी]" in shown


def test_parquet_and_json_lines_round_trip(landed: Path, tmp_path: Path) -> None:
    for ending in ("parquet", "jsonl"):
        assert run("export", tmp_path / f"a.{ending}", "--archive", landed).exit_code == 0
    table = pq.read_table(tmp_path / "a.parquet").to_pylist()
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert len(table) == len(lines) == 10
    assert [row["body"] for row in table] == [row["body"] for row in lines]
    assert EDITED in {row["title"] for row in table}


def test_export_filters_and_says_when_nothing_is_left(landed: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    assert (
        run(
            "export", file, "--archive", landed, "--from", "2026-02-04", "--to", "2026-02-05"
        ).exit_code
        == 0
    )
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [row["url"] for row in rows] == [address(3), address(4)]
    assert run("export", file, "--archive", landed, "--portal", "none").exit_code == 8
    error = run("export", file, "--archive", landed, "--from", "yesterday").exception
    assert isinstance(error, BadSetting)
    error = run("export", tmp_path / "a.xlsx", "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert not (tmp_path / "a.xlsx").exists()


def test_an_exported_database_opens_in_plain_duckdb(landed: Path, tmp_path: Path) -> None:
    file = tmp_path / "archive.duckdb"
    assert run("export", file, "--archive", landed).exit_code == 0
    with duckdb.connect(file, read_only=True) as plain, archive.open(landed) as lake:
        for name in [t.name for t in schema.TABLES] + [v.name for v in schema.VIEWS]:
            sql = f"SELECT * FROM {name} ORDER BY ALL"
            assert plain.execute(sql).fetchall() == lake.execute(sql).fetchall()


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet", "duckdb", "wacz"])
def test_a_file_that_cannot_be_written_is_named(ending: str, landed: Path, tmp_path: Path) -> None:
    (tmp_path / f"folder.{ending}").mkdir()
    for file in (tmp_path / f"none/a.{ending}", tmp_path / f"folder.{ending}"):
        error = run("export", file, "--archive", landed).exception
        assert isinstance(error, BadSetting)
        assert str(error).startswith(f"{file} cannot be written: ")
    assert [path.name for path in tmp_path.iterdir()] == [f"folder.{ending}"]


def test_as_of_shows_the_tables_as_they_stood(tmp_path: Path) -> None:
    write_all(tmp_path)
    first, second = sorted((tmp_path / "warc").glob("*.warc.gz"))
    Ingest(tmp_path, workers=1).run([first])
    with archive.open(tmp_path) as connection:
        between = connection.execute("SELECT max(snapshot_time) FROM lake.snapshots()").fetchone()[
            0
        ] + timedelta(microseconds=1)
    Ingest(tmp_path, workers=1).run([second])
    sql = f"SELECT title FROM articles WHERE url = '{address(2)}'"
    then = run("sql", sql, "--archive", tmp_path, "--as-of", between.isoformat(), "-f", "json")
    now = run("sql", sql, "--archive", tmp_path, "-f", "json")
    assert json.loads(now.stdout) == [{"title": EDITED}]
    assert json.loads(then.stdout) != json.loads(now.stdout)
    assert datetime.now(UTC) > between


def test_no_archive_and_no_tables_are_said_in_words(tmp_path: Path) -> None:
    error = run("query", "newest", "--archive", tmp_path / "none").exception
    assert isinstance(error, BadSetting)
    assert "begin one with `morestories crawl URL`" in str(error)
    (tmp_path / "warc").mkdir()
    error = run("query", "newest", "--archive", tmp_path).exception
    assert isinstance(error, BadSetting)
    assert "morestories ingest" in str(error)


def broken(landed: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(landed, copy)
    return copy


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"SQLite format 3\0" + b"\xff" * 5000, "is damaged: "),
        (b"\xff" * 5000, "is damaged: file is not a database"),
        (b"", "is damaged: it is empty"),
    ],
)
def test_a_corrupt_catalog_is_named_and_rebuild_mends_it(
    content: bytes, says: str, landed: Path, tmp_path: Path
) -> None:
    copy = broken(landed, tmp_path)
    (copy / "catalog.sqlite").write_bytes(content)
    error = run("query", "newest", "--archive", copy).exception
    assert isinstance(error, StoreError)
    assert "morestories rebuild" in str(error)
    assert f"{copy / 'catalog.sqlite'} {says}" in str(error)
    assert run("rebuild", "--archive", copy, "--workers", "1").exit_code == 0
    assert len(json.loads(run("query", "newest", "--archive", copy, "-f", "json").stdout)) == 10


def test_a_folder_in_the_catalog_s_place_is_named_and_left_alone(
    landed: Path, tmp_path: Path
) -> None:
    copy = broken(landed, tmp_path)
    (copy / "catalog.sqlite").unlink()
    (copy / "catalog.sqlite").mkdir()
    for words in (("query", "newest"), ("ingest",), ("rebuild",)):
        error = run(*words, "--archive", copy).exception
        assert isinstance(error, ArchiveError)
        assert f"{copy / 'catalog.sqlite'} is a folder, not the catalog: move it away" in str(error)


@pytest.mark.parametrize("harm", ["torn", "flipped", "gone"])
def test_a_corrupt_parquet_file_is_named(harm: str, landed: Path, tmp_path: Path) -> None:
    copy = broken(landed, tmp_path)
    victim = max((copy / "lake").rglob("*.parquet"), key=lambda p: p.stat().st_size)
    stored = bytearray(victim.read_bytes())
    if harm == "torn":
        del stored[len(stored) // 2 :]
    else:
        stored[4:2000] = bytes(1996)
    victim.write_bytes(stored)
    if harm == "gone":
        victim.unlink()
    error = run(
        "sql", "SELECT sum(length(body)), any_value(columns(*)) FROM texts", "--archive", copy
    ).exception
    assert isinstance(error, ArchiveError)
    assert victim.name in str(error)
    assert "morestories rebuild" in str(error)


def test_a_newer_archive_is_left_alone(landed: Path, tmp_path: Path) -> None:
    copy = broken(landed, tmp_path)
    from archive.store import connect

    with connect(copy, write=True) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999)")
    error = run("query", "newest", "--archive", copy).exception
    assert isinstance(error, StoreError)
    assert "newer morestories" in str(error)
    with pytest.raises(StoreError, match="newer morestories"):
        Ingest(copy, workers=1).run()
