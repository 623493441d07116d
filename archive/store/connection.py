"""Connections to an archive's tables: many readers, and the one writer."""

from __future__ import annotations

import logging
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import duckdb

from archive.errors import BadSetting, StoreError
from archive.store import schema

log = logging.getLogger(__name__)

CATALOG = "catalog.sqlite"
LAKE = "lake"
_BUSY_MS = 30_000  # how long a commit waits for another process's short lock on the catalog


def connect(folder: Path, *, write: bool = False) -> duckdb.DuckDBPyConnection:
    """Return a connection that has the archive in ``folder`` attached as ``lake`` and in use.

    With ``write`` the catalog and its tables are made where they are missing; the caller holds
    the writer's lock. Times are shown in UTC. Raises ``BadSetting`` where no archive is,
    ``StoreError`` where one cannot be opened.
    """
    folder = folder.resolve()
    catalog = folder / CATALOG
    if not write and not catalog.is_file():
        raise BadSetting(_no_catalog(folder))
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        for name in ("sqlite_scanner", "ducklake"):
            connection.execute(f"LOAD {_quoted(extension(name))}")
        connection.execute(attach_line(folder, write=write))
        connection.execute("USE lake")
        if write:
            _make(connection)
        _check_version(connection, folder)
    except duckdb.Error as error:
        connection.close()
        raise broken(folder, error) from error
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


def attach_line(folder: Path, *, write: bool = False) -> str:
    """Return the ATTACH statement by which any DuckDB client opens the archive."""
    options = [
        f"DATA_PATH {_quoted(f'{folder / LAKE}/')}",
        "OVERRIDE_DATA_PATH true",
        f"META_BUSY_TIMEOUT {_BUSY_MS}",
    ]
    options += ["META_JOURNAL_MODE 'WAL'"] if write else ["READ_ONLY"]
    return f"ATTACH {_quoted(f'ducklake:sqlite:{folder / CATALOG}')} AS lake ({', '.join(options)})"


def broken(folder: Path, error: duckdb.Error) -> StoreError:
    """Return the error for a catalog or lake that cannot be read: what, where, what next."""
    return StoreError(
        f"the tables in {folder} cannot be read: {error}\n"
        f"The WARC files are not touched by this: `morestories rebuild --archive {folder}` "
        "makes the tables again from them."
    )


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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open(folder: Path | str) -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to the tables of the archive in ``folder``.

    The tables and views of docs/schema.md stand unqualified (``SELECT title FROM articles``).
    Any number may be open, for as long as they like, while a crawl writes; each statement sees
    whole batches only. Raises as :func:`connect` does.
    """
    return connect(Path(folder))
