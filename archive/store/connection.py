"""Connections to an archive's tables: many readers, and the one writer."""

from __future__ import annotations

import logging
import os
import tempfile
from datetime import datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import duckdb

from archive.errors import BadSetting, StoreError
from archive.store import schema
from archive.store.faults import fault

log = logging.getLogger(__name__)

CATALOG = "catalog.sqlite"
LAKE = "lake"
MEMORY = "1500MB"  # of a connection; a question that needs more uses the disk, and takes longer
_BUSY_MS = 30_000  # how long a commit waits for another process's short lock on the catalog


def connect(
    folder: Path, *, write: bool = False, as_of: datetime | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection that has the archive in ``folder`` attached as ``lake`` and in use.

    With ``write`` the catalog and its tables are made where they are missing; the caller holds
    the writer's lock. With ``as_of`` the tables are as they stood then. Times are shown in UTC. Raises ``BadSetting`` where no archive is,
    ``StoreError`` where one cannot be opened.
    """
    folder = folder.resolve()
    catalog = folder / CATALOG
    if not write and not catalog.is_file():
        raise BadSetting(_no_catalog(folder))
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = {_quoted(MEMORY)}")
        connection.execute(f"SET temp_directory = {_quoted(str(_spill_folder()))}")
        for name in ("sqlite_scanner", "ducklake"):
            connection.execute(f"LOAD {_quoted(extension(name))}")
        connection.execute(attach_line(folder, write=write, as_of=as_of))
        connection.execute("USE lake")
        if write:
            _make(connection)
        _check_version(connection, folder)
    except duckdb.Error as error:
        connection.close()
        raise fault(folder, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def extension(name: str) -> str:
    """Return the file of a DuckDB extension: inside its wheel, else its name for ``LOAD``."""
    package = f"duckdb_extension_{name}"
    if find_spec(package) is None:
        return name
    folder = files(package) / "extensions" / f"v{duckdb.__version__}"
    return str(folder / f"{name}.duckdb_extension")


def attach_line(folder: Path, *, write: bool = False, as_of: datetime | None = None) -> str:
    """Return the ATTACH statement by which any DuckDB client opens the archive."""
    options = [
        f"DATA_PATH {_quoted(f'{folder / LAKE}/')}",
        "OVERRIDE_DATA_PATH true",
        f"META_BUSY_TIMEOUT {_BUSY_MS}",
    ]
    options += ["META_JOURNAL_MODE 'WAL'"] if write else ["READ_ONLY"]
    if as_of is not None:
        options.append(f"SNAPSHOT_TIME {_quoted(as_of.isoformat())}")
    return f"ATTACH {_quoted(f'ducklake:sqlite:{folder / CATALOG}')} AS lake ({', '.join(options)})"


def _no_catalog(folder: Path) -> str:
    if (folder / "warc").is_dir():
        return f"no tables yet in {folder}: make them with `morestories ingest --archive {folder}`"
    return (
        f"no archive at {folder}: name one with --archive DIR, "
        "or begin one with `morestories crawl URL`"
    )


def _make(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where they are missing; the version is written last, when all is there."""
    if _version(connection) is not None:
        return
    connection.execute("BEGIN")
    for statement in schema.statements():
        connection.execute(statement)
    connection.execute("COMMIT")
    for statement in schema.options():
        connection.execute(statement)
    connection.execute("INSERT INTO schema_version VALUES (?)", [schema.VERSION])


def _version(connection: duckdb.DuckDBPyConnection) -> int | None:
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = 'lake' AND table_name = 'schema_version'"
    ).fetchone()
    if not known or not known[0]:
        return None
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return row[0] if row else None  # None while another process is still making the tables


def _check_version(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    version = _version(connection)
    if version is None:
        raise StoreError(
            f"{folder / CATALOG} holds no tables of morestories yet: "
            f"`morestories ingest --archive {folder}` makes them from the WARC files"
        )
    if version > schema.VERSION:
        raise StoreError(
            f"the archive in {folder} was made by a newer morestories (tables version {version}, "
            f"this one knows {schema.VERSION}): upgrade with `pip install -U morestories`"
        )


def _spill_folder() -> Path:
    """Return where DuckDB may put what does not fit in memory; made only when it is needed."""
    return Path(tempfile.gettempdir()) / f"morestories-{os.getpid()}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open(folder: Path | str, *, as_of: datetime | None = None) -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to the tables of the archive in ``folder``.

    The tables and views of docs/schema.md stand unqualified (``SELECT title FROM articles``), and
    ``search('शिमला बर्फबारी')`` is a table of ``article`` and ``score`` to join with. Any number
    may be open, for as long as they like, while a crawl writes; each statement sees whole batches
    only. With ``as_of`` they are as they stood then. Raises as :func:`connect` does.
    """
    connection = connect(Path(folder), as_of=as_of)
    snapshot = snapshot_at(connection, as_of) if as_of else None
    add_search(connection, Path(folder).resolve(), snapshot)
    return connection


def snapshot_at(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> int:
    """Return the number of the snapshot of the tables that stood at ``as_of``."""
    row = connection.execute(
        "SELECT max(snapshot_id) FROM lake.snapshots() WHERE snapshot_time <= $1", [as_of]
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def add_search(
    connection: duckdb.DuckDBPyConnection, folder: Path, snapshot: int | None = None
) -> None:
    """Let ``search(text, most := 1000)`` be a table of the stories that ``text`` finds.

    With ``snapshot`` it asks the stories as they stood in that snapshot of the tables. DuckDB runs
    Python functions only where numpy is installed; without it the call says so.
    """
    hits = duckdb.list_type(duckdb.struct_type({"article": "BIGINT", "score": "DOUBLE"}))

    def search_hits(text: str, most: int) -> list[dict[str, object]]:
        from archive.search.find import ranked  # the index is loaded by those who search

        return [{"article": a, "score": score} for a, score in ranked(folder, text, most, snapshot)]

    if find_spec("numpy") is not None:
        connection.create_function("search_hits", search_hits, ["VARCHAR", "INTEGER"], hits)
        found = "search_hits(text, most)"
    else:
        found = f"error('search() in SQL needs numpy: pip install numpy')::{hits}"
    connection.execute(
        "CREATE OR REPLACE TEMP MACRO search(text, most := 1000) AS TABLE "
        f"SELECT unnest({found}, recursive := true)"
    )
