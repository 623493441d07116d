"""Stories as one file that needs nothing else: CSV, JSON lines, Parquet, or a DuckDB database."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from archive.answers import FORMATS, Progress, whole, write
from archive.errors import BadSetting
from archive.query import day
from archive.store import schema

# What a spreadsheet is opened for, first; the ids and the provenance come last.
_COLUMNS = (
    "url, title, body, authors, published, modified, section, tags, portal, language, dateline, "
    "description, image, words, pages, number, first_captured, published_precision, "
    "published_source, published_text, text_sha, article, revision, reader"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which stories: of one portal, published from and up to a day (``2026-11-24``), inclusive."""

    portal: str | None = None
    since: str | None = None
    until: str | None = None
    revisions: bool = False  # all of them, not only the latest

    @property
    def source(self) -> str:
        return "revisions" if self.revisions else "articles"

    def where(self) -> tuple[str, list[Any]]:
        """Return an SQL condition and the values to bind; raise ``BadSetting`` for a bad day."""
        tests: list[tuple[str, Any]] = []
        if self.portal is not None:
            tests.append(("portal = ?", self.portal))
        if self.since is not None:
            tests.append(("published_day >= ?", day(self.since)))
        if self.until is not None:
            tests.append(("published_day <= ?", day(self.until)))
        return " AND ".join(test for test, _ in tests) or "true", [value for _, value in tests]


def count(connection: duckdb.DuckDBPyConnection, selection: Selection) -> int:
    """Return how many rows an export of ``selection`` has."""
    condition, values = selection.where()
    sql = f"SELECT count(*) FROM {selection.source} WHERE {condition}"
    row = connection.execute(sql, values).fetchone()
    return int(row[0]) if row else 0


def export_articles(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    selection: Selection,
    *,
    on_row: Progress | None = None,
) -> int:
    """Write the selected stories to ``file``, as its ending says; return how many.

    Rows are streamed. ``file`` appears only when it is whole. Raises ``BadSetting`` for another
    ending, ``duckdb.Error`` where the tables cannot be read.
    """
    form = file.suffix.lower().removeprefix(".")
    if form not in (*FORMATS, "duckdb"):
        raise BadSetting(f"{file}: end the name in .csv, .jsonl, .json, .parquet or .duckdb")
    condition, values = selection.where()
    if form == "duckdb":
        return _database(connection, file, condition, values)
    columns = _COLUMNS + (", last_captured, captures" if selection.revisions else "")
    result = connection.execute(
        f"SELECT {columns} FROM {selection.source} WHERE {condition} "
        "ORDER BY portal, published, url, number",
        values,
    )
    return write(result, file, form, on_row=on_row)


def _database(
    connection: duckdb.DuckDBPyConnection, file: Path, condition: str, values: list[Any]
) -> int:
    """Copy the tables, and the views as they are defined, into one DuckDB file."""
    with whole(file) as unfinished:
        unfinished.unlink()  # DuckDB takes no empty file for a new one
        try:
            return _fill(connection, unfinished, condition, values)
        except duckdb.Error as error:
            unfinished.with_name(f"{unfinished.name}.wal").unlink(missing_ok=True)
            if unfinished.name not in str(error):
                raise
            full = "No space left" in str(error)
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error


def _fill(
    connection: duckdb.DuckDBPyConnection, file: Path, condition: str, values: list[Any]
) -> int:
    connection.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS portable")
    for table in schema.TABLES:
        chosen = condition if table.name == "texts" else "true"
        connection.execute(
            f"CREATE TABLE portable.{table.name} AS FROM {table.name} WHERE {chosen}",
            values if table.name == "texts" else [],
        )
    connection.execute("USE portable")
    for view in schema.VIEWS:
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    row = connection.execute("SELECT count(*) FROM articles").fetchone()
    connection.execute("USE lake")
    connection.execute("DETACH portable")
    return int(row[0]) if row else 0
