"""Old tables → the tables of this version, one ordered step after the other.

An archive keeps the number of its tables' version in ``schema_version``. Whoever opens it for
writing (``morestories ingest``, ``crawl``, ``maintain``), and so holds the writer's lock, brings
it up to ``VERSION`` first; readers of an older archive are told to run one of these.

To change a table, or add one:

1. change ``archive.store.schema`` to what the tables are now;
2. append a ``Step`` to ``STEPS``: SQL that makes of the version before it the new one, written out
   (``CREATE TABLE …``, ``ALTER TABLE … ADD COLUMN …``, ``UPDATE …``), never computed from the
   schema, which goes on changing. Each step is one transaction: all of it, with its number, or
   nothing. Sort orders, comments, views and storage options are not for a step: they are set to
   the schema's after the last one (where only such a thing changes, the step has no SQL);
3. where what is new can only be had by reading the pages again, say ``reread=True``: ingest then
   makes the tables again from the WARC files, and the old ones serve until the new are whole
   (the SQL says no more than the shape). What ingest works out from the tables themselves at its
   end needs neither;
   A step that no release has had yet is changed in place;
4. run ``tests/archive/store/test_migrations.py``: archives of each version, ingested once more,
   must equal, row by row, one rebuilt from the same WARC files.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from archive.errors import NeedsPages
from archive.store import schema

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """From one version to the next: what changes, in words, and the SQL that does it."""

    what: str
    statements: tuple[str, ...] = ()
    reread: bool = False


STEPS: tuple[Step, ...] = (
    Step(
        "what pages add to the evidence of their portal, and what was learned from it",
        (
            "CREATE TABLE observations (capture BIGINT, captured TIMESTAMPTZ, portal VARCHAR, "
            "story BIGINT, skeleton VARCHAR, root BIGINT, title BIGINT, openings BIGINT[], "
            "lines STRUCT(said BIGINT, lead BIGINT, opening BIGINT, place BIGINT, size INTEGER, "
            "ended BOOLEAN)[], dropped BIGINT[])",
            "CREATE TABLE layouts (portal VARCHAR, skeleton VARCHAR, stories BIGINT, "
            "first_captured TIMESTAMPTZ, last_captured TIMESTAMPTZ, examples BIGINT[], root "
            "BIGINT, places BIGINT[], teasing BIGINT, tail BIGINT, most BIGINT, marks "
            "STRUCT(why VARCHAR, digest BIGINT, stories BIGINT, first_captured TIMESTAMPTZ, "
            "last_captured TIMESTAMPTZ, example BIGINT)[], observed BIGINT, learner VARCHAR)",
        ),
        reread=True,
    ),
    Step(
        "which stories are copies of one another",
        (
            "CREATE TABLE signatures (article BIGINT, text_sha VARCHAR, rules SMALLINT, keys "
            "INTEGER[])",
            "CREATE TABLE copies (article BIGINT, source BIGINT, kind VARCHAR, similarity "
            "FLOAT, containment FLOAT, appeared TIMESTAMPTZ, portal VARCHAR)",
        ),
    ),
)
VERSION = 1 + len(STEPS)  # of the tables that this morestories reads and writes


def version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Return the version of the attached archive's tables; None where there are none yet."""
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = 'lake' AND table_name = 'schema_version'"
    ).fetchone()
    if not known or not known[0]:
        return None
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return row[0] if row else None


def make(connection: duckdb.DuckDBPyConnection) -> None:
    """Make all tables in an empty lake. The caller holds the writer's lock."""
    _with_version(connection, [*schema.tables(), *schema.present()], VERSION)
    set_options(connection)


def migrate(
    connection: duckdb.DuckDBPyConnection, folder: Path, found: int, steps: Sequence[Step] = STEPS
) -> None:
    """Bring tables of version ``found`` up to date; the caller holds the writer's lock.

    ``steps`` are all there are since version 1. Raises ``NeedsPages`` where a step needs
    the pages, before anything is changed; ``duckdb.Error`` after rolling the failed step back. Steps
    before it stay done.
    """
    ahead = list(enumerate(steps[found - 1 :], found + 1))
    for number, step in ahead:
        if step.reread:
            raise NeedsPages(
                f"the tables in {folder} are of version {found}, and version {number} needs the "
                f"pages read again ({step.what}): `morestories rebuild --archive {folder}` does it"
            )
    for number, step in ahead:
        log.info("%s: tables from version %d to %d: %s", folder, number - 1, number, step.what)
        _with_version(connection, step.statements, number)
    _in_transaction(connection, schema.present())
    set_options(connection)


def _with_version(
    connection: duckdb.DuckDBPyConnection, statements: Sequence[str], number: int
) -> None:
    """Run ``statements`` and note the version in one transaction."""
    _in_transaction(connection, [*statements, f"INSERT INTO schema_version VALUES ({number})"])


def _in_transaction(connection: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> None:
    connection.execute("BEGIN")
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def set_options(connection: duckdb.DuckDBPyConnection) -> None:
    """Set how tables are stored where it is not so yet: a crash may have come in between.

    DuckLake wants the tables committed for it, so it is no part of their transaction.
    """
    known = connection.execute(
        "SELECT option_name, value, scope_entry FROM ducklake_options('lake')"
    ).fetchall()
    for name, value, table in schema.options():
        if (name, value, table and f"main.{table}") not in known:
            scope = f", table_name => '{table}'" if table else ""
            unit = "B" if name == "target_file_size" else ""  # wanted, and not kept
            connection.execute(f"CALL lake.set_option('{name}', '{value}{unit}'{scope})")
