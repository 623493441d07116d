"""The tantivy index of stories: kept in step with the tables, and made again at any time.

It holds keys (``archive.search.keys``), ids, and what one filters by; no text. One writer, which
holds the archive's lock; any number of readers.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
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
_STORIES = (
    "SELECT article, title, body, authors, section, tags, portal, published_day FROM articles"
)


def schema() -> tantivy.Schema:
    """Return the fields; texts are keys separated by spaces."""
    return (
        tantivy.SchemaBuilder()
        .add_integer_field("article", stored=True, indexed=True, fast=True)
        .add_integer_field("day", stored=False, indexed=True, fast=True)
        .add_text_field("portal", tokenizer_name="raw", index_option="basic", fast=True)
        .add_text_field("title", tokenizer_name="whitespace")
        .add_text_field("body", tokenizer_name="whitespace")
        .add_text_field("about", tokenizer_name="whitespace")
        .build()
    )


def number(day: date) -> int:
    """Return a day as the index holds it: 20261124."""
    return day.year * 10_000 + day.month * 100 + day.day


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
        if landed is None or landed > snapshot:
            self._make()
            ids = None
        elif landed == snapshot:
            return 0
        else:
            ids = _changed(connection, landed + 1, snapshot)
        try:
            moved = self._put(connection, ids)
        except ValueError as error:  # tantivy's word for a file that is missing or broken
            log.warning("the search index in %s is broken (%s): made anew", self._place, error)
            self._make()
            moved = self._put(connection, None)
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

    def _put(self, connection: duckdb.DuckDBPyConnection, ids: list[int] | None) -> int:
        if ids is not None and not ids:
            return 0
        if self._writer is None:
            self._writer = tantivy.Index.open(str(self._place)).writer(_HEAP, 1)
        for one in ids or ():
            self._writer.delete_documents_by_term("article", one)
        moved = 0
        for row in _stories(connection, ids):
            self._writer.add_document(_document(*row))
            moved += 1
        self._writer.commit()
        return max(moved, len(ids or ()))


def _changed(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> list[int]:
    found = connection.execute(
        f"SELECT DISTINCT article FROM lake.table_changes('texts', {first:d}, {last:d})"
    ).fetchall()
    return [article for (article,) in found]


def _stories(
    connection: duckdb.DuckDBPyConnection, ids: list[int] | None
) -> Iterator[tuple[Any, ...]]:
    if ids is None:
        result = connection.execute(_STORIES)
    else:
        result = connection.execute(
            f"{_STORIES} WHERE article IN (SELECT unnest($1::BIGINT[]))", [ids]
        )
    while some := result.fetchmany(_CHUNK):
        yield from some


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
