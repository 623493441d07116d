"""The observations of a portal's pages, and the layouts that were learned of them, out of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import duckdb

from archive.extract.learning import Witness, narrowed
from archive.layout import Layout, Mark, Observation, Rule, Seen
from archive.rows import Row
from archive.store.ids import ids

# Captures of a layout that teach it: those with the lowest ids, which are digests. Any order of
# landing gives the same sample, and a portal of a million pages learns in the same time.
SAMPLE = 1_000
_AT_ONCE = 20_000  # rows judged at a time; bounds memory

# What a page prints of other stories of its portal: their headlines, or how they begin.
_MET = """
    WITH lines AS (
        SELECT capture, story, title, openings, unnest(lines) AS line
        FROM observations WHERE portal = $1 AND capture = coalesce($2, capture)),
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
        FROM observations WHERE portal = $1 AND capture = coalesce($2, capture)),
    begun AS (
        SELECT DISTINCT unnest(openings) AS key, story FROM observations WHERE portal = $1)
    SELECT l.capture, list_sort(list(DISTINCT l.key)) AS openings
    FROM lines l JOIN begun b ON b.key = l.key AND b.story <> l.story
    WHERE l.key <> 0 AND l.key <> l.title AND NOT list_contains(l.openings, l.key)
    GROUP BY l.capture
"""


class Observed:
    """The observations of one portal, or the one that ``capture`` gave beside all others."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, portal: str, capture: int | None = None
    ) -> None:
        self._connection = connection
        self._portal = portal
        self._capture = capture
        self._titles = self._met(_MET)
        self._openings = self._met(_BEGUN)

    def _met(self, sql: str) -> dict[int, frozenset[int]]:
        found = self._connection.execute(sql, [self._portal, self._capture]).fetchall()
        return {capture: frozenset(keys) for capture, keys in found}

    def sample(self) -> Iterator[Witness]:
        """Yield the witnesses from whom layouts are learned."""
        rows = self._rows(
            f"QUALIFY row_number() OVER (PARTITION BY skeleton ORDER BY capture) <= {SAMPLE}"
        )
        return (one for one, _ in rows)

    def of(self, captures: Iterable[int]) -> Iterator[tuple[Witness, tuple[int, ...]]]:
        """Yield these captures' witnesses by story, each with the lines that its reading left out."""
        with ids(self._connection, captures):
            found = list(self._rows("AND capture IN (FROM ids)"))
        yield from sorted(found, key=lambda pair: (pair[0].story, pair[0].capture))

    def touched(self, layouts: Sequence[Layout]) -> Iterator[tuple[Witness, tuple[int, ...]]]:
        """Yield as ``of`` does the witnesses who may have been read otherwise than by ``layouts``.

        Where no headline, label or root is at stake, SQL tells alone what ought to be dropped.
        """
        known = [layout.skeleton for layout in layouts]
        found = self._captures("len(dropped) > 0 AND NOT list_contains($2, skeleton)", known)
        for layout in layouts:
            found += self._captures(f"skeleton = $2 AND {self._at_stake(layout)}", layout.skeleton)
        for start in range(0, len(found), _AT_ONCE):
            yield from self.of(found[start : start + _AT_ONCE])

    def _captures(self, condition: str, value: object) -> list[int]:
        found = self._connection.execute(
            f"SELECT capture FROM observations WHERE portal = $1 AND {condition} ORDER BY capture",
            [self._portal, value],
        ).fetchall()
        return [capture for (capture,) in found]

    def stories(self, captures: Iterable[int]) -> list[int]:
        """Return all observed captures of the stories that ``captures`` show."""
        with ids(self._connection, captures):
            found = self._connection.execute(
                "SELECT capture FROM observations WHERE story IN "
                "(SELECT story FROM observations WHERE capture IN (FROM ids)) ORDER BY capture"
            ).fetchall()
        return [capture for (capture,) in found]

    def _at_stake(self, layout: Layout) -> str:
        """Return the condition that a row of ``layout`` needs judging, or was judged otherwise."""
        met = self._titles if layout.teasing else {}
        self._connection.execute("CREATE OR REPLACE TEMP TABLE met (capture BIGINT)")
        if met:
            with ids(self._connection, met):
                self._connection.execute("INSERT INTO met FROM ids")
        repeated, labels, places = (
            _list(layout.keys(rule)) for rule in (Rule.REPEATED, Rule.LABEL, Rule.PLACE)
        )
        gone = f"list_contains({repeated}, line.said) OR list_contains({places}, line.place)"
        return (
            "(capture IN (FROM met) OR len(lines) = 0 OR root = 0"
            f" OR NOT list_has_any([line.place FOR line IN lines], {_list(layout.places)})"
            f" OR list_has_any([line.said FOR line IN lines], {labels})"
            f" OR dropped <> [line.said FOR line IN lines IF {gone}])"
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


def _list(keys: Iterable[int]) -> str:
    return f"[{', '.join(map(str, sorted(keys)))}]::BIGINT[]"


def layouts(connection: duckdb.DuckDBPyConnection, portal: str) -> tuple[Layout, ...]:
    """Return what was learned of ``portal``, by first capture."""
    found = connection.execute(
        "SELECT * FROM layouts WHERE portal = ? ORDER BY first_captured, skeleton", [portal]
    ).to_arrow_table()
    return tuple(_layout(row) for row in found.to_pylist())


def evidence(connection: duckdb.DuckDBPyConnection, capture: int) -> tuple[Layout, ...]:
    """Return the layout by which ``capture`` is read, with the words that are evidence there."""
    found = connection.execute(
        "SELECT portal FROM observations WHERE capture = ?", [capture]
    ).fetchone()
    if found is None:
        return ()
    ((one, _),) = Observed(connection, found[0], capture).of([capture])
    return narrowed(layouts(connection, found[0]), one)


def _layout(row: Row) -> Layout:
    return Layout(
        row["skeleton"],
        row["stories"],
        row["first_captured"],
        row["last_captured"],
        tuple(row["examples"]),
        row["root"],
        tuple(row["places"]),
        tuple(_mark(mark) for mark in row["marks"]),
        row["teasing"],
        row["tail"],
        row["most"],
    )


def _mark(row: Row) -> Mark:
    return Mark(
        Rule(row["why"]),
        row["digest"],
        row["stories"],
        row["first_captured"],
        row["last_captured"],
        row["example"],
    )
