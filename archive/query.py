"""The questions in ``queries/``: one documented SQL file each, parameters bound, never pasted.

A file's header is its comment lines down to the first other line:

    -- How many stories did each portal publish on each day?
    --
    -- Grain: one row per portal and day.
    -- Parameters:
    --   portal VARCHAR = NULL | only this portal
    --   since DATE = NULL | from this day on
    -- Columns:
    --   portal | id of the portal
    -- Plot: calendar x=day value=stories
    -- Example: morestories query articles-per-day --portal demo
    -- Time: 40 ms at 1 M articles
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from archive.errors import BadSetting
from archive.plot.form import Plot
from archive.plot.form import parse as parse_plot
from archive.replay.links import link_column
from archive.store.concealed import refuse_past

_FIELD = re.compile(r"(Grain|Parameters|Columns|Plot|Example|Time):\s*(.*)")
_PARAMETER = re.compile(r"(\w+)\s+([A-Z]\w*(?:\(\d+,\s*\d+\))?)\s*=\s*(.*)")
_USED = re.compile(r"\$([a-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a question takes. ``default`` is SQL (``NULL``, ``20``, ``'x'``)."""

    name: str
    type: str
    default: str
    doc: str


@dataclass(frozen=True, slots=True)
class Query:
    """A documented question. ``sql`` holds ``$name`` for each parameter."""

    name: str
    question: str
    grain: str
    parameters: tuple[Parameter, ...]
    columns: tuple[tuple[str, str], ...]
    example: str
    time: str
    sql: str
    plot: Plot | None = None


def parse(name: str, text: str) -> Query:
    """Read one file of ``queries/``; raise ``BadSetting`` if its header is not as it should be."""
    lines = text.splitlines()
    header = [line[2:].strip() for line in _leading_comments(lines)]
    sql = "\n".join(lines[len(header) :]).strip()
    question, fields = _fields(header)
    if not question or "Grain" not in fields or not sql:
        raise BadSetting(f"queries/{name}.sql: the header wants a question and a grain")
    parameters = tuple(_parameter(name, line) for line in fields.get("Parameters", ()))
    undeclared = set(_USED.findall(sql)) ^ {p.name for p in parameters}
    if undeclared:
        raise BadSetting(
            f"queries/{name}.sql: declared and used parameters differ: {', '.join(sorted(undeclared))}"
        )
    columns = tuple(_column(line) for line in fields.get("Columns", ()))
    example, time = " ".join(fields.get("Example", ())), " ".join(fields.get("Time", ()))
    drawn = " ".join(fields.get("Plot", ()))
    plot = parse_plot(name, drawn, (column for column, _ in columns)) if drawn else None
    grain = " ".join(fields["Grain"])
    return Query(name, question, grain, parameters, columns, example, time, sql, plot)


def _leading_comments(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if not line.startswith("--"):
            return lines[:number]
    return lines


def _fields(header: Iterable[str]) -> tuple[str, dict[str, list[str]]]:
    question: list[str] = []
    fields: dict[str, list[str]] = {}
    into = question
    for line in header:
        if found := _FIELD.fullmatch(line):
            into = fields.setdefault(found[1], [])
            line = found[2]
        if line:
            into.append(line)
    return " ".join(question), fields


def _parameter(name: str, line: str) -> Parameter:
    head, _, doc = line.partition(" | ")
    found = _PARAMETER.fullmatch(head.strip())
    if not found:
        raise BadSetting(f"queries/{name}.sql: {line!r} is not `name TYPE = default | meaning`")
    return Parameter(found[1], found[2], found[3].strip(), doc.strip())


def _column(line: str) -> tuple[str, str]:
    column, _, doc = line.partition(" | ")
    return column.strip(), doc.strip()


@cache
def names() -> tuple[str, ...]:
    """Return the names of all questions, in order."""
    found = (entry.name for entry in files("queries").iterdir())
    return tuple(sorted(name[:-4] for name in found if name.endswith(".sql")))


def load(name: str) -> Query:
    """Return the question ``name``; raise ``BadSetting`` with the nearest name otherwise."""
    wanted = name.removesuffix(".sql").replace("_", "-")
    if wanted not in names():
        near = difflib.get_close_matches(wanted, names(), n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadSetting(f"no query {name!r}: {hint}`morestories queries` lists them all")
    return parse(wanted, (files("queries") / f"{wanted}.sql").read_text(encoding="utf-8"))


def ask(
    connection: duckdb.DuckDBPyConnection,
    query: Query,
    values: Mapping[str, str],
    *,
    links: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Run ``query`` with ``values`` as a person typed them; return the executed connection.

    What is not given takes its default. ``links`` adds a column ``replay``. Raises ``BadSetting`` for a parameter that the question
    does not have, and for a value that is not of its type.
    """
    known = {p.name: p for p in query.parameters}
    if unknown := [name for name in values if name not in known]:
        offered = ", ".join(f"--{name.replace('_', '-')}" for name in known) or "none"
        raise BadSetting(f"{query.name} has no parameter {unknown[0]!r}; it takes: {offered}")
    bound = {name: _value(connection, query, p, values.get(name)) for name, p in known.items()}
    sql = _linked(connection, query.sql, bound) if links else query.sql
    return connection.execute(sql, bound) if bound else connection.execute(sql)


def _linked(connection: duckdb.DuckDBPyConnection, sql: str, bound: Mapping[str, Any]) -> str:
    """Return ``sql`` with one more column, the row's link into the replay."""
    sql = sql.strip().rstrip(";")
    described = connection.execute(f"DESCRIBE {sql}", dict(bound) or None).fetchall()
    link = link_column([row[0] for row in described])
    if link is None:
        raise BadSetting("--links wants an answer with a column called url")
    return f"SELECT *, {link} AS replay FROM (\n{sql}\n)"


def _value(
    connection: duckdb.DuckDBPyConnection, query: Query, parameter: Parameter, given: str | None
) -> Any:
    try:
        if given is None:
            sql = f"SELECT CAST({parameter.default} AS {parameter.type})"  # from our own file
            row = connection.execute(sql).fetchone()
        else:
            row = connection.execute(f"SELECT CAST(? AS {parameter.type})", [given]).fetchone()
    except duckdb.ConversionException as error:
        raise BadSetting(
            f"{query.name}: --{parameter.name} wants {_KINDS.get(parameter.type, parameter.type)}, "
            f"not {given!r}"
        ) from error
    value = row[0] if row else None
    if parameter.name == "limit" and value is not None and value < 0:
        raise BadSetting(f"{query.name}: --limit wants a whole number from 0 on, not {given!r}")
    return value


_KINDS = {
    "DATE": "a day such as 2026-11-24",
    "INTEGER": "a whole number",
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "TIMESTAMPTZ": "an instant such as 2026-11-24 18:30+05:30",
    "INTERVAL": "a time span such as '2 days'",
    "BOOLEAN": "true or false",
}

_EXPLAIN = re.compile(r"\s*EXPLAIN\b\s*(ANALYZE\b|\([\w\s,]*\))?", re.IGNORECASE)


def select(
    connection: duckdb.DuckDBPyConnection, sql: str, *, links: bool = False
) -> duckdb.DuckDBPyConnection:
    """Run one reading statement; return the executed connection.

    ``links`` adds a column ``replay`` to a SELECT that has a column ``url``.
    Raises ``BadSetting`` for SQL that does not parse, for several statements, and for anything
    that is not a read (the archive is opened read-only besides); ``duckdb.Error`` as it runs.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise BadSetting(f"this is not SQL that DuckDB reads: {error}") from error
    if not statements:
        raise BadSetting("no SQL was given: write one SELECT, such as 'SELECT title FROM articles'")
    if len(statements) != 1:
        raise BadSetting(f"one statement at a time, please: this is {len(statements)}")
    if (kind := _type(connection, statements[0])) != duckdb.StatementType.SELECT:
        raise BadSetting(
            f"the archive is opened for reading only, and "
            f"{kind.name.replace('_', ' ')} is not a read: "
            "begin with SELECT, FROM, WITH, SHOW or DESCRIBE"
        )
    refuse_past(connection, sql)
    if links:
        return connection.execute(_linked(connection, statements[0].query, {}))
    return connection.execute(statements[0])


def _type(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement
) -> duckdb.StatementType:
    """Return the kind of a statement; EXPLAIN has that of what it explains, since ANALYZE runs it.

    One whose words are not plain (a comment among them may hide others) stays an EXPLAIN.
    """
    plain = statement.type == duckdb.StatementType.EXPLAIN and _EXPLAIN.match(statement.query)
    if not plain:
        return statement.type
    try:
        (explained,) = connection.extract_statements(statement.query[plain.end() :])
    except (duckdb.Error, ValueError):
        return statement.type
    return explained.type


def instant(text: str) -> datetime:
    """Read a day or an instant, UTC where it names no zone; a day means its end.

    >>> instant("2026-11-01").isoformat(), instant("2026-11-01T12:00+05:30").isoformat()
    ('2026-11-01T23:59:59.999999+00:00', '2026-11-01T06:30:00+00:00')
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is not a day or an instant such as 2026-11-01T12:00") from error
    if len(text) <= 10:
        at = at.replace(hour=23, minute=59, second=59, microsecond=999_999)
    try:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise BadSetting(f"{text!r} is not in the years 1 to 9999 of UTC") from error


def day(text: str) -> date:
    """Read a day such as 2026-11-24; raise ``BadSetting`` otherwise."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is not a day such as 2026-11-24") from error
