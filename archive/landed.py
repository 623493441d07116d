"""What captures say, as the rows that land; no I/O: made where a page is read, in a process of its own."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from archive import rows
from archive.article import Article, PageType
from archive.extract.workers import Outcome as PageOutcome
from archive.layout import Observation
from archive.reading import Outcome, Reading, from_article, unreadable
from archive.rows import Row

log = logging.getLogger(__name__)

# A further page of a story may be too short, or show too much, to be taken for a story by itself.
_TEXTLESS = frozenset({PageType.LISTING, PageType.LOCKED})


@dataclass
class Rows:
    """Rows by table; the texts that were read, by capture; the stories that they touch.

    ``links`` has its rows by column: a page has hundreds.
    """

    tables: dict[str, list[Row]] = field(default_factory=dict)
    links: dict[str, list[Any]] = field(default_factory=dict)
    texts: dict[int, Row] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def add(self, table: str, new: Iterable[Row]) -> None:
        """Put in rows of ``table``."""
        self.tables.setdefault(table, []).extend(new)

    def take(self, other: Rows) -> None:
        """Put in all rows of ``other``."""
        for table, new in other.tables.items():
            self.add(table, new)
        for column, values in other.links.items():
            self.links.setdefault(column, []).extend(values)
        self.texts |= other.texts
        self.touched |= other.touched

    def count(self, table: str, column: str) -> Counter[str]:
        """Count the rows of ``table`` by ``column``; "-" stands for no value."""
        if table == "links":
            return Counter(self.links.get(column, ()))
        values = (row[column] for row in self.tables.get(table, []))
        return Counter("-" if value is None else str(value) for value in values)


def rows_of(captured: Row, reading: Reading) -> Rows:
    """Return all rows that the capture of row ``captured`` gives, of which ``reading`` came."""
    try:
        return _rows_of(captured, reading)
    except (ValueError, OverflowError) as error:  # a date in the year 10000, say
        log.warning("%s: what was read cannot be kept: %s", captured["url"], error)
        why = Outcome("unreadable", f"what was read cannot be kept: {error}")
        return _rows_of(captured, Reading(outcome=why))


def rows_of_page(captured: Row, outcome: PageOutcome) -> Rows:
    """Return the rows of a capture that a page reader has read."""
    if outcome.article is not None:
        return rows_of(captured, from_article(outcome.article, outcome.observation))
    return rows_of(captured, unreadable(outcome.failed))


def _rows_of(captured: Row, reading: Reading) -> Rows:
    made = Rows(links=rows.link_columns(captured, reading))
    made.add("captures", [captured])
    if reading.outcome:
        made.add("outcomes", [rows.outcome_row(captured, reading.outcome)])
    if reading.article:
        _add_page(made, captured, reading.article, reading.observation)
    return made


def _add_page(made: Rows, captured: Row, article: Article, observation: Observation | None) -> None:
    text = None
    if article.text.strip() and article.page_type not in _TEXTLESS:
        text = rows.text_row(captured, article)
        made.texts[captured["capture"]] = text
    if article.page_type is PageType.STORY:
        made.add("parts", rows.claim_rows(captured, article))
    reading = rows.reading_row(captured, article, text)
    made.add("readings", [reading])
    if observation is not None:
        made.add("observations", [rows.observation_row(captured, article, observation)])
    if text:
        made.touched |= {reading["article"], reading["address"]}
