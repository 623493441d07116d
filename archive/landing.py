"""Land what was read: one batch is one transaction, with how far its WARC files have come."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from archive.article import Article, PageType
from archive.layout import Layout, Observation
from archive.reading import Outcome, Reading
from archive.store import rows, schema
from archive.store.histories import Change, update
from archive.store.ids import ids
from archive.store.rows import Row

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """The row of a capture, and what was read out of it."""

    capture: Row
    reading: Reading


@dataclass(frozen=True, slots=True)
class Batch:
    """What is landed at once.

    ``files`` are rows of ``warcs`` for files not seen before, ``damages`` rows of ``outcomes``;
    ``progress`` says up to which byte each file is done once the batch is landed.
    """

    items: Sequence[Item] = ()
    files: Sequence[Row] = ()
    damages: Sequence[Row] = ()
    progress: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Rows:
    """The rows of one batch, by table; the texts that it read; the stories that it touches."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    texts: dict[int, Row] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def add(self, table: str, new: Iterable[Row]) -> None:
        self.tables.setdefault(table, []).extend(new)

    def take(self, other: Rows) -> None:
        for table, new in other.tables.items():
            self.add(table, new)
        self.texts |= other.texts
        self.touched |= other.touched

    def count(self, table: str, column: str) -> Counter[str]:
        """Count the rows of ``table`` by ``column``; "-" stands for no value."""
        values = (row[column] for row in self.tables.get(table, []))
        return Counter("-" if value is None else str(value) for value in values)


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
        landed = _rows(batch)
        self._connection.execute("BEGIN")
        try:
            for table, new in landed.tables.items():
                self._insert(table, new)
            self._advance(batch.progress)
            change = self._texts(landed)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return landed, change

    def replace(self, items: Sequence[Item], dropped: Mapping[int, Sequence[int]]) -> Change:
        """Write what a second reading of captures says in place of the first.

        ``dropped`` has, by capture, the digests of the lines that evidence took out.
        """
        again = _rows(Batch(items))
        captures = [row["capture"] for row in again.tables.pop("captures", [])]
        for row in again.tables.get("observations", []):
            row["dropped"] = dropped.get(row["capture"], [])
        self._connection.execute("BEGIN")
        try:
            with ids(self._connection, captures):
                for table in _OF_CAPTURES:
                    self._connection.execute(f"DELETE FROM {table} WHERE capture IN (FROM ids)")
            for table, new in again.tables.items():
                self._insert(table, new)
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

    def _insert(self, table: str, new: Sequence[Row]) -> None:
        if not new:
            return
        arrow = self._schemas[table]
        try:
            batch = pa.Table.from_pylist(list(new), schema=arrow)
        except UnicodeEncodeError:  # half a character, which a page's script or a header had
            batch = pa.Table.from_pylist([rows.whole(row) for row in new], schema=arrow)
        self._connection.register("batch", batch)
        try:
            self._connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM batch")
        finally:
            self._connection.unregister("batch")

    def _arrow(self, table: str) -> Any:
        return self._connection.execute(f"SELECT * FROM {table} LIMIT 0").to_arrow_table().schema


def _rows(batch: Batch) -> Rows:
    landed = Rows()
    landed.add("warcs", batch.files)
    landed.add("outcomes", batch.damages)
    for item in batch.items:
        try:
            one = _of_item(item.capture, item.reading)
        except (ValueError, OverflowError) as error:  # a date in the year 10000, say
            log.warning("%s: what was read cannot be kept: %s", item.capture["url"], error)
            why = Outcome("unreadable", f"what was read cannot be kept: {error}")
            one = _of_item(item.capture, Reading(outcome=why))
        landed.take(one)
    return landed


def _of_item(captured: Row, reading: Reading) -> Rows:
    made = Rows()
    made.add("captures", [captured])
    made.add("links", rows.link_rows(captured, reading))
    if reading.outcome:
        made.add("outcomes", [rows.outcome_row(captured, reading.outcome)])
    if reading.article:
        _add_page(made, captured, reading.article, reading.observation)
    return made


# A further page of a story may be too short, or show too much, to be taken for a story by itself.
_TEXTLESS = frozenset({PageType.LISTING, PageType.LOCKED})


def _add_page(
    landed: Rows, captured: Row, article: Article, observation: Observation | None
) -> None:
    text = None
    if article.text.strip() and article.page_type not in _TEXTLESS:
        text = rows.text_row(captured, article)
        landed.texts[captured["capture"]] = text
    if article.page_type is PageType.STORY:
        landed.add("parts", rows.claim_rows(captured, article))
    reading = rows.reading_row(captured, article, text)
    landed.add("readings", [reading])
    if observation is not None:
        landed.add("observations", [rows.observation_row(captured, article, observation)])
    if text:
        landed.touched |= {reading["article"], reading["address"]}
