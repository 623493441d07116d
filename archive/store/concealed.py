"""What is excluded, left out of every answer: the lake's tables seen through temporary views.

The rows stay, as the WARCs do, so that an undo is one line and ``--as-of`` obeys what is excluded
today. A temporary view goes before the table of its name, also inside the lake's own views.
Without exclusions nothing is made and nothing costs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import duckdb

from archive.errors import BadSetting
from archive.exclusions import UNBOUNDED, Exclusions, Target
from archive.keys import ident
from archive.store import schema
from archive.store.ids import ids

_COLUMNS: Final = (
    "line INTEGER, kind VARCHAR, what VARCHAR, first_day DATE, last_day DATE, reason VARCHAR, "
    "excluded_by VARCHAR, excluded TIMESTAMPTZ, undone_by VARCHAR, undone TIMESTAMPTZ"
)


def conceal(connection: duckdb.DuckDBPyConnection, exclusions: Exclusions) -> None:
    """Let the connection, which has the lake in use, see what is not excluded, and ``exclusions``."""
    connection.execute(f"CREATE TEMP TABLE exclusions ({_COLUMNS})")
    for one in exclusions.every:
        undone = one.undone
        connection.execute(
            "INSERT INTO exclusions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                one.number, one.target.kind, one.target.what, one.target.first, one.target.last,
                one.reason, one.by, one.at, undone and undone.by, undone and undone.at,
            ],
        )  # fmt: skip
    if not exclusions.standing:
        return
    mark(connection, exclusions)
    connection.execute(_SIGHTINGS)
    connection.execute(_GONE.format(texts="lake.texts"))
    connection.execute(_RAISED)
    connection.execute(_ARTICLES)
    there = {row[0] for row in connection.execute(_TABLES).fetchall()}  # fewer in an old snapshot
    for table in schema.TABLES:
        has = {column.name for column in table.columns} if table.name in there else set()
        if table.name == "texts":
            continue
        if "capture" in has:
            to = (
                " AND (to_article IS NULL OR to_article NOT IN (FROM excluded_articles))"
                if "to_article" in has
                else ""
            )
            connection.execute(
                f"CREATE TEMP VIEW {table.name} AS FROM lake.{table.name} "
                f"WHERE (capture IS NULL OR capture NOT IN (FROM excluded_captures)){to}"
            )
        elif "article" in has:
            source = " AND source NOT IN (FROM excluded_articles)" if "source" in has else ""
            connection.execute(
                f"CREATE TEMP VIEW {table.name} AS FROM lake.{table.name} "
                f"WHERE article NOT IN (FROM excluded_articles){source}"
            )
    connection.execute(_TEXTS)


def excluded_revisions(
    connection: duckdb.DuckDBPyConnection, exclusions: Exclusions, snapshot: int | None
) -> list[int]:
    """Return the revisions that the search must not find, as the tables stood in ``snapshot``.

    ``connection`` has the lake in use and conceals nothing.
    """
    mark(connection, exclusions)
    connection.execute(_SIGHTINGS)
    at = "" if snapshot is None else f" AT (VERSION => {snapshot:d})"
    connection.execute(_GONE.format(texts=f"(FROM lake.texts{at})"))
    return [row[0] for row in connection.execute("FROM excluded_revisions").fetchall()]


def mark(connection: duckdb.DuckDBPyConnection, exclusions: Exclusions) -> None:
    """Fill the temporary table ``excluded_captures``: what :meth:`Exclusions.why` gives a reason for.

    An address also takes the captures whose page says that this is its canonical address.
    """
    connection.execute("CREATE TEMP TABLE excluded_captures (capture BIGINT)")
    for one in exclusions.standing:
        days, values = _days(one.target)
        if one.target.kind == "url":
            _mark_story(connection, one.target, days, values)
            continue
        held = "portal = ?"
        if one.target.kind == "prefix":
            held = f"starts_with(regexp_replace(surt, '{UNBOUNDED}', '\\1/\\2'), ?)"
        for key in one.target.keys:
            connection.execute(
                "INSERT INTO excluded_captures "
                f"SELECT capture FROM lake.captures WHERE {held} AND {days}",
                [key, *values],
            )


def _mark_story(
    connection: duckdb.DuckDBPyConnection, target: Target, days: str, values: list[object]
) -> None:
    story = [ident("article", key) for key in target.keys]
    with ids(connection, story):
        for table in ("captures", "readings"):
            connection.execute(
                "INSERT INTO excluded_captures "
                f"SELECT capture FROM lake.{table} WHERE article IN (FROM ids) AND {days}",
                values,
            )


def _days(target: Target) -> tuple[str, list[object]]:
    """Return the condition on ``captured`` (shown in UTC) and its values."""
    tests, values = ["true"], []
    if target.first is not None:
        tests.append("captured::DATE >= ?")
        values.append(target.first)
    if target.last is not None:
        tests.append("captured::DATE <= ?")
        values.append(target.last)
    return " AND ".join(tests), list(values)


def refuse_past(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise ``BadSetting`` for a statement that reaches past the views, where any stand.

    That is time travel inside a statement, the lake's own functions, names that begin with the
    lake's, and files: each would show what is excluded.
    """
    if not connection.execute(_STANDING).fetchone():
        return
    told = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    parsed = json.loads(told[0]) if told else {}
    if parsed.get("error"):  # no SELECT (EXPLAIN, SUMMARIZE): it shows no rows of the past
        parsed = {}
        if _PAST_WORDS.search(sql) or _FILE_WORDS.search(sql):
            raise BadSetting(_NO_PAST)
    if any(map(_reaches_past, _nodes(parsed))):
        raise BadSetting(_NO_PAST)


def _nodes(parsed: object) -> Iterator[dict[str, Any]]:
    if isinstance(parsed, dict):
        yield parsed
        parsed = list(parsed.values())
    for inner in parsed if isinstance(parsed, list) else ():
        yield from _nodes(inner)


def _reaches_past(node: dict[str, Any]) -> bool:
    names = {str(node.get(name) or "").lower() for name in ("catalog_name", "schema_name")}
    if node.get("type") == "BASE_TABLE":
        at = bool(node.get("at_clause"))
        return at or bool(names & {"lake", "__ducklake_metadata_lake"}) or _is_file(node)
    function = node.get("function") or {}
    return node.get("type") == "TABLE_FUNCTION" and bool(
        _PAST_FUNCTIONS.search(str(function.get("function_name")))
    )


def _is_file(node: dict[str, Any]) -> bool:
    """Tell whether a table's name is a path: DuckDB reads ``'x.parquet'`` and ``x.parquet`` alike."""
    table = str(node.get("table_name") or "")
    ending = f".{table}" if node.get("schema_name") else table
    return bool(_PATH.search(table) or _FILE_NAME.search(ending))


_STANDING: Final = "FROM temp.exclusions WHERE undone IS NULL LIMIT 1"
_TABLES: Final = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'"
_PAST_FUNCTIONS: Final = re.compile(
    r"table_(changes|insertions|deletions)|ducklake|^query|sqlite_|postgres_"
    r"|\b(read|glob|parquet|delta|iceberg|sniff)_|\bglob\b",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"[./\\*?]")
_FILE_NAME: Final = re.compile(
    r"\.(parquet|csv|tsv|json|jsonl|ndjson|gz|zst|xlsx|arrows?|avro)\b", re.IGNORECASE
)
# In what is no SELECT: a quoted name where a table's may stand, or one that ends as files do.
_FILE_WORDS: Final = re.compile(
    rf"\b(from|join|summarize|describe|table|pivot|unpivot)\W*['\"][^'\"]*[./\\*?]"
    rf"|{_FILE_NAME.pattern}",
    re.IGNORECASE,
)
_PAST_WORDS: Final = re.compile(rf"{_PAST_FUNCTIONS.pattern}|\bat\s*\(|\blake\b", re.IGNORECASE)
_NO_PAST: Final = (
    "this archive has exclusions, and this statement reaches past them: name tables as they are "
    "in docs/schema.md, without `lake.`, read no files, and use --as-of DAY in place of AT (…)"
)
_ORIGINAL: Final = "JOIN readings o"
assert _ORIGINAL in schema.SIGHTINGS.sql

# A revisit that is not excluded is seen, also where its original is: that was another capture.
_SIGHTINGS: Final = (
    "CREATE TEMP VIEW sightings AS FROM ("
    + schema.SIGHTINGS.sql.replace(_ORIGINAL, "JOIN lake.readings o")
    + ") WHERE capture NOT IN (FROM excluded_captures)"
)

# A text is gone unless a capture that is not excluded shows the same text of the same story.
_GONE: Final = """
    CREATE TEMP TABLE excluded_revisions AS
    SELECT DISTINCT t.revision FROM {texts} t
    WHERE (t.read_from IN (FROM excluded_captures) OR t.first_capture IN (FROM excluded_captures))
      AND (t.pages > 1 OR NOT EXISTS (
          FROM sightings s WHERE s.text_sha = t.text_sha
          AND (s.article = t.article OR s.address = coalesce(t.page, t.article))))
"""

# Where the newest revision is gone, the newest of the others is the story as it was last seen.
_RAISED: Final = """
    CREATE TEMP TABLE raised_revisions AS
    SELECT max_by(revision, number) AS revision FROM lake.texts
    WHERE page IS NULL AND revision NOT IN (FROM excluded_revisions) AND article IN (
        SELECT article FROM lake.texts WHERE latest AND revision IN (FROM excluded_revisions))
    GROUP BY article
"""
_ARTICLES: Final = """
    CREATE TEMP TABLE excluded_articles AS
    SELECT DISTINCT article FROM lake.texts WHERE revision IN (FROM excluded_revisions)
    EXCEPT SELECT article FROM lake.texts WHERE revision NOT IN (FROM excluded_revisions)
"""
_TEXTS: Final = """
    CREATE TEMP VIEW texts AS
    SELECT * REPLACE (latest OR revision IN (FROM raised_revisions) AS latest)
    FROM lake.texts WHERE revision NOT IN (FROM excluded_revisions)
"""
