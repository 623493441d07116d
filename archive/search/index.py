"""The tantivy index of stories: kept in step with the tables, and made again at any time.

It holds keys (``archive.search.keys``), ids, and what one filters by; no text. One writer, which
holds the archive's lock; any number of readers.
"""

from __future__ import annotations

import json
import logging
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import tantivy

from archive.search.keys import VERSION, keys

log = logging.getLogger(__name__)

FOLDER = "search"
_STATE = "landed.json"
_HEAP = 64_000_000  # bytes that the writer collects before it must write a segment
_CHUNK = 1_000  # stories read at a time
_COLUMNS = "article, title, body, authors, section, tags, portal, published_day"
# Each story that was put in by the changes, as it was last put in, if it was not taken out since.
_NEWEST = """(
    FROM changes c
    WHERE change_type = 'insert' AND latest AND page IS NULL AND NOT EXISTS (
        FROM changes d WHERE d.article = c.article AND d.snapshot_id > c.snapshot_id
        AND ((d.change_type = 'delete' AND d.revision = c.revision)
             OR (d.change_type = 'insert' AND d.latest AND d.page IS NULL))))"""


def schema() -> tantivy.Schema:
    """Return the fields; texts are keys separated by spaces."""
    return (
        tantivy.SchemaBuilder()
        .add_integer_field("article", stored=True, indexed=True, fast=True)
        .add_integer_field("day", stored=True, indexed=True, fast=True)
        .add_text_field(
            "portal", stored=True, tokenizer_name="raw", index_option="basic", fast=True
        )
        .add_text_field("title", tokenizer_name="whitespace")
        .add_text_field("body", tokenizer_name="whitespace")
        .add_text_field("about", tokenizer_name="whitespace")
        .build()
    )


def number(day: date) -> int:
    """Return a day as the index holds it: 20261124."""
    return day.year * 10_000 + day.month * 100 + day.day


def day(number: int) -> date | None:
    """Return the day that the index holds as a number; None for 0, a story without one."""
    return date(number // 10_000, number // 100 % 100, number % 100) if number else None


def open_index(folder: Path) -> tantivy.Index | None:
    """Return the index of the archive in ``folder`` for reading; None if there is none yet."""
    place = folder / FOLDER
    if _state(place) is None:
        return None
    return tantivy.Index.open(str(place))


class SearchIndex:
    """The writer's side, for as long as an ingest runs."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / FOLDER
        self._writer: Any = None

    def update(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Bring the index up to the newest snapshot of the tables; return how many stories moved.

        What a crash left undone is done again: a story is taken out before it is put in.
        """
        snapshot = _scalar(connection, "SELECT max(snapshot_id) FROM lake.snapshots()")
        landed = _state(self._place)
        if landed == snapshot:
            return 0
        if landed is None or landed > snapshot:
            self._make()
            landed = None
        try:
            moved = self._put(connection, landed, snapshot)
        except ValueError as error:  # tantivy's word for a file that is missing or broken
            log.warning("the search index in %s is broken (%s): made anew", self._place, error)
            self._make()
            moved = self._put(connection, None, snapshot)
        _keep_state(self._place, snapshot)
        return moved

    def close(self) -> None:
        """Let background merges finish and give the writer's lock back."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def _make(self) -> None:
        self.close()
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(parents=True)
        tantivy.Index(schema(), path=str(self._place))

    def _put(self, connection: duckdb.DuckDBPyConnection, landed: int | None, snapshot: int) -> int:
        """Put in all stories, or, after snapshot ``landed``, those that moved since."""
        moved = 0
        source = "articles"
        if landed is not None:
            changes = f"lake.table_changes('texts', {landed + 1:d}, {snapshot:d})"
            connection.execute(f"CREATE OR REPLACE TEMP TABLE changes AS FROM {changes}")
            source = _NEWEST
            for (article,) in connection.execute("SELECT DISTINCT article FROM changes").fetchall():
                self._open().delete_documents_by_term("article", article)
                moved += 1
        result = connection.execute(f"SELECT {_COLUMNS} FROM {source}")
        while some := result.fetchmany(_CHUNK):
            for row in some:
                self._open().add_document(_document(*row))
            moved += len(some) if landed is None else 0
        if moved:
            self._open().commit()
        return moved

    def _open(self) -> Any:
        if self._writer is None:
            self._writer = tantivy.Index.open(str(self._place)).writer(_HEAP, 1)
        return self._writer


def _document(
    article: int,
    title: str,
    body: str,
    authors: list[str],
    section: str,
    tags: list[str],
    portal: str,
    day: date | None,
) -> tantivy.Document:
    about = " ".join((*authors, section, *tags))
    return tantivy.Document(
        article=article,
        day=number(day) if day else 0,
        portal=portal,
        title=" ".join(keys(title)),
        body=" ".join(keys(body)),
        about=" ".join(keys(about)),
    )


def _state(place: Path) -> int | None:
    """Return the snapshot that the index has come to; None if it must be made anew."""
    try:
        state = json.loads((place / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state["snapshot"] if state.get("keys") == VERSION else None


def _keep_state(place: Path, snapshot: int) -> None:
    unfinished = place / (_STATE + ".part")
    unfinished.write_text(json.dumps({"snapshot": snapshot, "keys": VERSION}), encoding="utf-8")
    unfinished.replace(place / _STATE)


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
