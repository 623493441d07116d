"""Learn what a portal's pages have in common, and read again what that shows in another light.

After each ingest the state is the same as if all captures had been there at once: layouts are
learned from all observations, and every capture whose lines they judge otherwise than its reading
did is read again. So a rebuild gives the same rows, and what a crash left undone is done next time.
A second reading replaces the first wherever that was used: it is no revision by the publisher.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from archive.errors import DamagedRecord
from archive.extract.learning import Witness, learn, narrowed
from archive.extract.witness import is_elsewhere, judge
from archive.landing import Item, Landing
from archive.layout import Layout, Observation, Rule, Seen
from archive.pages import Page, Pages
from archive.reading import read
from archive.store.ids import ids
from archive.store.rows import Row
from archive.warc.reader import read_capture

log = logging.getLogger(__name__)

# Captures of a layout that teach it: those with the lowest ids, which are digests. Any order of
# landing gives the same sample, and a portal of a million pages learns in the same time.
SAMPLE = 1_000
_AT_ONCE = 48  # pages read again at a time; bounds memory to that many payloads
_BATCH = 1_000  # captures a transaction

# What a page prints of other stories of its portal: their headlines, or how they begin.
_MET = """
    WITH lines AS (
        SELECT capture, story, title, openings, unnest(lines) AS line
        FROM observations WHERE portal = $1),
    printed AS (
        SELECT capture, story, title, openings, line.said AS key FROM lines
        UNION SELECT capture, story, title, openings, line.lead FROM lines WHERE line.lead <> 0),
    titles AS (SELECT DISTINCT title AS key, story FROM observations WHERE portal = $1 AND title <> 0)
    SELECT p.capture, list_sort(list(DISTINCT p.key)) AS titles
    FROM printed p JOIN titles t ON t.key = p.key AND t.story <> p.story
    WHERE p.key <> p.title AND NOT list_contains(p.openings, p.key)
    GROUP BY p.capture
"""
_BEGUN = """
    WITH lines AS (
        SELECT capture, story, title, openings, unnest(lines).opening AS key
        FROM observations WHERE portal = $1),
    begun AS (
        SELECT DISTINCT unnest(openings) AS key, story FROM observations WHERE portal = $1)
    SELECT l.capture, list_sort(list(DISTINCT l.key)) AS openings
    FROM lines l JOIN begun b ON b.key = l.key AND b.story <> l.story
    WHERE l.key <> 0 AND l.key <> l.title AND NOT list_contains(l.openings, l.key)
    GROUP BY l.capture
"""


@dataclass(frozen=True, slots=True)
class _Again:
    """A capture that is to be read with ``layouts``, which take out lines of these digests."""

    capture: int
    layouts: tuple[Layout, ...]
    dropped: tuple[int, ...]


def look_again(
    connection: duckdb.DuckDBPyConnection, landing: Landing, pages: Pages, folder: Path
) -> int:
    """Learn the layouts of portals with new observations; return how many captures were read again.

    The caller holds the writer's lock. WARC files are in ``folder``/warc. A record that cannot be
    read any more keeps its first reading.
    """
    count = 0
    for portal, observed in _grown(connection):
        portals_pages = _Portal(connection, portal)
        layouts = learn(portals_pages.sample())
        again = list(portals_pages.judged_otherwise(layouts))
        for some in _batched(_with_family(portals_pages, layouts, again), _BATCH):
            count += _reread(connection, landing, pages, folder, some)
        landing.learn(portal, layouts, observed)
    return count


def _grown(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Return the portals that have observations which no layout was learned from, and how many."""
    found: list[tuple[str, int]] = connection.execute(
        "SELECT portal, count(*) AS observed FROM observations GROUP BY portal "
        "EXCEPT SELECT portal, observed FROM layouts ORDER BY portal"
    ).fetchall()
    return found


class _Portal:
    """The observations of one portal."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, portal: str) -> None:
        self._connection = connection
        self._portal = portal
        self._titles = self._met(_MET)
        self._openings = self._met(_BEGUN)

    def _met(self, sql: str) -> dict[int, frozenset[int]]:
        found = self._connection.execute(sql, [self._portal]).fetchall()
        return {capture: frozenset(keys) for capture, keys in found}

    def sample(self) -> Iterator[Witness]:
        """Yield the witnesses from whom layouts are learned."""
        rows = self._rows(
            f"QUALIFY row_number() OVER (PARTITION BY skeleton ORDER BY capture) <= {SAMPLE}"
        )
        return (one for one, _ in rows)

    def of(self, captures: Iterable[int]) -> Iterator[tuple[Witness, tuple[int, ...]]]:
        """Yield these captures' witnesses, each with the lines that its reading left out."""
        with ids(self._connection, captures):
            yield from list(self._rows("AND capture IN (FROM ids)"))

    def judged_otherwise(self, layouts: Sequence[Layout]) -> Iterator[int]:
        """Yield the captures that were read otherwise than ``layouts`` would have it."""
        for one, dropped in self._rows(f"AND {self._touched(layouts)}"):
            if _dropped(narrowed(layouts, one), one) != dropped:
                yield one.capture

    def stories(self, captures: Iterable[int]) -> list[int]:
        """Return all observed captures of the stories that ``captures`` show."""
        with ids(self._connection, captures):
            found = self._connection.execute(
                "SELECT capture FROM observations WHERE story IN "
                "(SELECT story FROM observations WHERE capture IN (FROM ids)) ORDER BY capture"
            ).fetchall()
        return [capture for (capture,) in found]

    def _touched(self, layouts: Sequence[Layout]) -> str:
        """Return the condition that any evidence bears on a row; few rows of a clean portal pass."""
        marks = [(mark.rule, mark.key) for layout in layouts for mark in layout.marks]
        texts = ", ".join(str(key) for rule, key in marks if rule is not Rule.PLACE) or "NULL"
        places = ", ".join(str(key) for rule, key in marks if rule is Rule.PLACE) or "NULL"
        self._connection.execute("CREATE OR REPLACE TEMP TABLE met (capture BIGINT)")
        if any(layout.teasing for layout in layouts) and self._titles:
            with ids(self._connection, self._titles):
                self._connection.execute("INSERT INTO met FROM ids")
        return (
            "(len(dropped) > 0 OR len(lines) = 0 OR root = 0"
            f" OR list_has_any([line.said FOR line IN lines], [{texts}]::BIGINT[])"
            f" OR list_has_any([line.place FOR line IN lines], [{places}]::BIGINT[])"
            " OR capture IN (FROM met))"
        )

    def _rows(self, condition: str) -> Iterator[tuple[Witness, tuple[int, ...]]]:
        found = self._connection.execute(
            f"SELECT * FROM observations WHERE portal = $1 {condition} ORDER BY capture",
            [self._portal],
        ).to_arrow_table()
        for batch in found.to_batches(1_000):
            for row in batch.to_pylist():
                yield self._witness(row), tuple(row["dropped"])

    def _witness(self, row: Row) -> Witness:
        nothing: frozenset[int] = frozenset()
        seen = Observation(
            row["skeleton"],
            row["root"],
            row["title"],
            tuple(row["openings"]),
            tuple(Seen(**line) for line in row["lines"]),
        )
        return Witness(
            seen,
            row["capture"],
            row["story"],
            row["captured"],
            self._titles.get(row["capture"], nothing),
            self._openings.get(row["capture"], nothing),
        )


def _dropped(layouts: Sequence[Layout], one: Witness) -> tuple[int, ...]:
    lines = one.observation.lines
    for layout in layouts:
        if is_elsewhere(layout, one.observation):
            return (layout.root,)
        return tuple(
            line.said for line, why in zip(lines, judge(layout, lines), strict=True) if why
        )
    return ()


def _with_family(
    pages: _Portal, layouts: Sequence[Layout], captures: Sequence[int]
) -> Iterator[_Again]:
    """Yield all captures of the stories to read again: a story's history is made of all its texts."""
    if captures:
        for one, _ in pages.of(pages.stories(captures)):
            evidence = narrowed(layouts, one)
            yield _Again(one.capture, evidence, _dropped(evidence, one))


def _reread(
    connection: duckdb.DuckDBPyConnection,
    landing: Landing,
    pages: Pages,
    folder: Path,
    again: Sequence[_Again],
) -> int:
    with ids(connection, [one.capture for one in again]):
        found = connection.execute("SELECT * FROM captures WHERE capture IN (FROM ids)")
        captured = {row["capture"]: row for row in found.to_arrow_table().to_pylist()}
    items: list[Item] = []
    for some in _batched(again, _AT_ONCE):
        items += _items(some, captured, pages, folder)
    landing.replace(items, {one.capture: one.dropped for one in again})
    return len(items)


def _items(
    again: Iterable[_Again], captured: Mapping[int, Row], pages: Pages, folder: Path
) -> Iterator[Item]:
    """Yield what the captures say now, read side by side."""
    under_way: list[tuple[Row, Page]] = []
    for one in again:
        row = captured[one.capture]
        try:
            capture = read_capture(_warc(folder, row["warc"]), row["warc_offset"])
        except (DamagedRecord, OSError) as error:
            log.warning("%s: not read again with its portal's evidence: %s", row["url"], error)
            continue
        payload = read(capture)
        if isinstance(payload, bytes):
            under_way.append((row, pages.submit(capture, payload, one.layouts)))
    for row, page in under_way:
        while page.outcome is None:
            pages.collect(1.0)
        reading = page.reading()
        if reading.observation is None:  # its worker was too slow this time, say
            log.warning("%s: not read again with its portal's evidence", row["url"])
        else:
            yield Item(row, reading)


def _warc(folder: Path, name: str) -> Path:
    sealed = folder / "warc" / name
    return sealed if sealed.exists() else sealed.with_name(f"{name}.open")


def _batched(many: Iterable[_Again], size: int) -> Iterator[list[_Again]]:
    rest = iter(many)
    while some := list(islice(rest, size)):
        yield some
