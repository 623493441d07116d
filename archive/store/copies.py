"""Bring ``signatures`` and ``copies`` up to ``texts``, for the stories that moved since.

What moved is asked of the tables, so nothing is remembered between runs, a crash loses nothing,
and any order of landing ends in the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import duckdb
import pyarrow as pa

from archive.copies import RULES, Text, are_copies, clusters, keys, kind_of, likeness, text_of
from archive.store.ids import ids

_Row = tuple[object, ...]  # in the order of the table's columns
CHUNK = 5_000  # stories in one transaction; bounds memory to their texts and their copies'
_STORY = "latest AND page IS NULL"
# How long after the printed instant the story may still have been unpublished.
_SPAN = {"second": timedelta(), "minute": timedelta(), "day": timedelta(days=1)}


class _Told(NamedTuple):
    """A story as it stands: whose, when out, and its text to compare."""

    portal: str
    url: str
    appeared: datetime
    text: Text


def update_copies(connection: duckdb.DuckDBPyConnection) -> int:
    """Work out the copies of stories that are new or changed; return how many those were.

    The caller holds the writer's lock. Raises ``duckdb.Error`` after rolling a chunk back.
    """
    moved = 0
    while True:
        connection.execute("BEGIN")
        try:
            some = _update_chunk(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        if not some:
            return moved
        moved += some


def _update_chunk(connection: duckdb.DuckDBPyConnection) -> int:
    gone, stale = _gone(connection), _stale(connection)
    moved = gone | stale.keys()
    if not moved:
        return 0
    with ids(connection, moved):
        connection.execute("DELETE FROM signatures WHERE article IN (FROM ids)")
    _keep_signatures(connection, stale)
    fresh = moved | _joined(connection, moved)
    near = _sharing(connection, moved)
    settled = (near | _joined(connection, near)) - fresh
    rows = _worked_out(connection, fresh, settled)
    _keep_copies(connection, fresh | rows.keys(), rows.values())
    return len(moved)


def _gone(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return stories that are no more: they turned out further pages of another, say."""
    return _set(
        connection,
        "SELECT article FROM (SELECT article FROM signatures UNION SELECT article FROM copies) "
        f"ANTI JOIN (FROM texts WHERE {_STORY}) USING (article)",
    )


def _stale(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, list[int]]]:
    """Return, by story, text and keys of those whose signature is missing or old.

    A revision keeps its id while its text grows: a further page of the story may come late.

    Ids are looked for in all of ``texts``, which is quick; bodies are read only of the files and
    row groups of the time that the ids are of.
    """
    found = connection.execute(
        "SELECT t.revision, t.first_captured FROM texts t ANTI JOIN signatures s "
        f"ON s.article = t.article AND s.rules = {RULES} "
        f"AND s.text_sha IS NOT DISTINCT FROM t.text_sha WHERE {_STORY} "
        f"ORDER BY first_captured, revision LIMIT {CHUNK}"
    ).fetchall()
    if not found:
        return {}
    with ids(connection, (revision for revision, _ in found)):
        bodies = connection.execute(
            "SELECT article, text_sha, body FROM texts WHERE revision IN (FROM ids) "
            f"AND {_STORY} AND first_captured BETWEEN $1 AND $2",
            [found[0][1], found[-1][1]],
        ).fetchall()
    return {article: (sha, keys(body)) for article, sha, body in bodies}


def _keep_signatures(
    connection: duckdb.DuckDBPyConnection, made: dict[int, tuple[str, list[int]]]
) -> None:
    rows = [(a, sha, RULES, of) for a, (sha, of) in sorted(made.items())]
    _insert(connection, "signatures", rows)


def _sharing(connection: duckdb.DuckDBPyConnection, moved: set[int]) -> set[int]:
    """Return the stories that share a key with ``moved`` ones."""
    with ids(connection, moved):
        return _set(
            connection,
            "WITH wanted AS (SELECT DISTINCT unnest(keys) AS key FROM signatures "
            "WHERE article IN (FROM ids)), "
            "all_keys AS (SELECT article, unnest(keys) AS key FROM signatures) "
            "SELECT DISTINCT article FROM all_keys SEMI JOIN wanted USING (key)",
        )


def _joined(connection: duckdb.DuckDBPyConnection, some: set[int]) -> set[int]:
    """Return all stories of the clusters that ``some`` are in."""
    with ids(connection, some):
        return _set(
            connection,
            "SELECT article FROM copies WHERE source IN "
            "(SELECT source FROM copies WHERE article IN (FROM ids))",
        )


def _worked_out(
    connection: duckdb.DuckDBPyConnection, fresh: set[int], settled: set[int]
) -> dict[int, _Row]:
    """Return, by story, the rows of the clusters that ``fresh`` stories are in.

    ``settled`` stories were compared with each other before: their clusters can only gain.
    """
    with ids(connection, fresh | settled):
        keyed: dict[int, list[int]] = dict(
            connection.execute(
                "SELECT article, keys FROM signatures WHERE article IN (FROM ids)"
            ).fetchall()
        )
        sources = dict(
            connection.execute(
                "SELECT article, source FROM copies WHERE article IN (FROM ids)"
            ).fetchall()
        )
    counts: dict[int, int] = {}
    for of in keyed.values():
        for key in of:
            counts[key] = counts.get(key, 0) + 1
    keyed = {a: of for a, of in keyed.items() if any(counts[key] > 1 for key in of)}
    known = {a: sources.get(a, a) for a in settled & keyed.keys()}
    told = _told(connection, set(keyed))

    def copies(one: int, other: int) -> bool:
        a, b = told[one], told[other]
        return are_copies(a.text, b.text, one_portal=a.portal == b.portal)

    rows: dict[int, _Row] = {}
    for members in clusters(keyed, copies, known):
        members.sort(key=lambda a: (told[a].appeared, told[a].url, a))
        rows |= {a: _row(a, members[0], told) for a in members}
    return rows


def _row(article: int, source: int, told: dict[int, _Told]) -> _Row:
    own, first = told[article], told[source]
    like = likeness(own.text, first.text)
    kind = "source" if article == source else kind_of(own.text, first.text)
    return (
        article, source, kind, like.similarity, like.containment, own.appeared, own.portal,
    )  # fmt: skip


def _told(connection: duckdb.DuckDBPyConnection, wanted: set[int]) -> dict[int, _Told]:
    """Return stories with their texts; ``wanted`` ones only, which are few."""
    with ids(connection, wanted):
        seen = connection.execute(
            "SELECT article, min(first_captured), max(first_captured) FROM texts "
            "WHERE article IN (FROM ids) AND page IS NULL GROUP BY article"
        ).fetchall()
        first = {article: at for article, at, _ in seen}
        between = [min(first.values()), max(at for *_, at in seen)] if seen else [None, None]
        found = connection.execute(
            "SELECT article, portal, url, published, published_precision, body FROM texts "
            f"WHERE article IN (FROM ids) AND {_STORY} AND first_captured BETWEEN $1 AND $2",
            between,
        ).fetchall()
    return {
        article: _Told(portal, url, appeared(published, precision, first[article]), text_of(body))
        for article, portal, url, published, precision, body in found
    }


def appeared(published: datetime | None, precision: str | None, captured: datetime) -> datetime:
    """Return by when a story was out: no later than its first capture, whatever it printed."""
    if published is None or precision not in _SPAN:
        return captured
    return min(published + _SPAN[precision], captured)


def _keep_copies(
    connection: duckdb.DuckDBPyConnection,
    affected: set[int],
    rows: Iterable[_Row],
) -> None:
    with ids(connection, affected):
        connection.execute("DELETE FROM copies WHERE article IN (FROM ids)")
    _insert(connection, "copies", rows)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[_Row]) -> None:
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    schema = connection.execute(f"SELECT * FROM {table} LIMIT 0").to_arrow_table().schema
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    connection.register("made", pa.Table.from_arrays(arrays, schema=schema))
    try:
        connection.execute(f"INSERT INTO {table} FROM made")
    finally:
        connection.unregister("made")


def _set(connection: duckdb.DuckDBPyConnection, sql: str) -> set[int]:
    return {one for (one,) in connection.execute(sql).fetchall()}
