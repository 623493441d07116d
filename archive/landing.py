"""Land what was read: one batch is one transaction, with how far its WARC files have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from archive import rows
from archive.landed import Rows
from archive.layout import Layout
from archive.rows import Row
from archive.store import schema
from archive.store.histories import Change, update
from archive.store.ids import ids


@dataclass(frozen=True, slots=True)
class Batch:
    """What is landed at once.

    ``items`` are the rows of one capture each, ``files`` are rows of ``warcs`` for files not seen before, ``damages`` rows of ``outcomes``;
    ``progress`` says up to which byte each file is done once the batch is landed.
    """

    items: Sequence[Rows] = ()
    files: Sequence[Row] = ()
    damages: Sequence[Row] = ()
    progress: Mapping[str, int] = field(default_factory=dict)


# What a reading of a capture says, in tables that hold nothing else of it.
_OF_CAPTURES = ("readings", "observations", "links", "parts", "outcomes")


class Landing:
    """The writer's side of the store. The caller holds the writer's lock."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._schemas = {table.name: self._arrow(table.name) for table in schema.TABLES}

    def progress(self) -> dict[str, int]:
        """Return, for each WARC file known, the byte up to which it has been landed."""
        found = self._connection.execute("SELECT warc, next_offset FROM warcs").fetchall()
        return dict(found)

    def last_offsets(self) -> dict[str, int]:
        """Return, for each WARC file, where the last capture that has been landed starts."""
        found = self._connection.execute(
            "SELECT warc, max(warc_offset) FROM captures GROUP BY warc"
        ).fetchall()
        return dict(found)

    def land(self, batch: Batch) -> tuple[Rows, Change]:
        """Write ``batch`` wholly or not at all; return its rows and what it did to stories.

        Raises ``duckdb.Error`` after rolling back.
        """
        landed = _together(batch.items)
        landed.add("warcs", batch.files)
        landed.add("outcomes", batch.damages)
        self._connection.execute("BEGIN")
        try:
            self._insert_all(landed)
            self._advance(batch.progress)
            change = self._texts(landed)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return landed, change

    def replace(self, items: Sequence[Rows], dropped: Mapping[int, Sequence[int]]) -> Change:
        """Write what a second reading of captures says in place of the first.

        ``dropped`` has, by capture, the digests of the lines that evidence took out.
        """
        again = _together(items)
        captures = [row["capture"] for row in again.tables.pop("captures", [])]
        for row in again.tables.get("observations", []):
            row["dropped"] = dropped.get(row["capture"], [])
        self._connection.execute("BEGIN")
        try:
            with ids(self._connection, captures):
                for table in _OF_CAPTURES:
                    self._connection.execute(f"DELETE FROM {table} WHERE capture IN (FROM ids)")
            self._insert_all(again)
            change = self._texts(again)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return change

    def learn(self, portal: str, layouts: Iterable[Layout], observed: int) -> None:
        """Write what was learned of a portal in place of what was known."""
        self._connection.execute("BEGIN")
        try:
            self._connection.execute("DELETE FROM layouts WHERE portal = ?", [portal])
            self._insert("layouts", [rows.layout_row(portal, one, observed) for one in layouts])
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _texts(self, landed: Rows) -> Change:
        touched = landed.touched | self._revisited(landed)
        change, delete, insert = update(self._connection, touched, landed.texts)
        if delete:
            with ids(self._connection, delete):
                self._connection.execute("DELETE FROM texts WHERE revision IN (FROM ids)")
        self._insert("texts", insert)
        # A revision may have gained a page, or been read again: its keys are of another text now.
        if other := {row["article"] for row in insert} - set(change.new):
            with ids(self._connection, other):
                self._connection.execute("DELETE FROM signatures WHERE article IN (FROM ids)")
        return change

    def _revisited(self, landed: Rows) -> set[int]:
        """Return the stories that the batch's revisits, or revisits of its captures, show."""
        captures = landed.tables.get("captures", [])
        revisits = {
            row["capture"]: row["refers_to_date"] for row in captures if row["refers_to_date"]
        }
        if not revisits:
            return set()
        with ids(self._connection, revisits):
            found = self._connection.execute(
                f"SELECT DISTINCT article FROM ({schema.SIGHTED_BETWEEN}) "
                "WHERE capture IN (FROM ids)",
                [min(revisits.values()), max(revisits.values())],
            ).fetchall()
        return {article for (article,) in found}

    def _advance(self, progress: Mapping[str, int]) -> None:
        for warc, offset in progress.items():
            self._connection.execute(
                "UPDATE warcs SET next_offset = ? WHERE warc = ?", [offset, warc]
            )

    def _insert_all(self, landed: Rows) -> None:
        for table, new in landed.tables.items():
            self._insert(table, new)
        if landed.links:
            schema = self._schemas["links"]
            try:
                batch = pa.Table.from_pydict(landed.links, schema=schema)
            except UnicodeEncodeError:  # as in _insert
                batch = pa.Table.from_pydict(rows.whole(landed.links), schema=schema)
            self._put("links", batch)

    def _insert(self, table: str, new: Sequence[Row]) -> None:
        if not new:
            return
        arrow = self._schemas[table]
        try:
            batch = pa.Table.from_pylist(list(new), schema=arrow)
        except UnicodeEncodeError:  # half a character, which a page's script or a header had
            batch = pa.Table.from_pylist([rows.whole(row) for row in new], schema=arrow)
        self._put(table, batch)

    def _put(self, table: str, batch: pa.Table) -> None:
        self._connection.register("batch", batch)
        try:
            self._connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM batch")
        finally:
            self._connection.unregister("batch")

    def _arrow(self, table: str) -> Any:
        return self._connection.execute(f"SELECT * FROM {table} LIMIT 0").to_arrow_table().schema


def _together(items: Iterable[Rows]) -> Rows:
    """Return the rows of all ``items``."""
    landed = Rows()
    for item in items:
        landed.take(item)
    return landed
