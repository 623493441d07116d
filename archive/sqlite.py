"""SQLite files that several processes write: the frontier and the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from archive.errors import ArchiveError, DiskFull, StoreError

# The last is of the file that readers and writers share beside a database: even to read takes room.
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")


def open_engine(url: str) -> Engine:
    """Return the engine of an SQLAlchemy URL; a SQLite one starts its transactions as writers.

    With the execution option ``reads`` it does not: then a full disk is no hindrance.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def fault(error: DBAPIError, what: str) -> ArchiveError:
    """Return the error to raise ``from error``; ``what`` names the file, as in "the ledger X"."""
    name = getattr(error.orig, "sqlite_errorname", "")
    if name in _NO_ROOM:
        return DiskFull(f"no room left for {what}; it is as it was before")
    return StoreError(f"{what} cannot be read or written: {error.orig}")


def _set_pragmas(connection: Any, _record: Any) -> None:
    # Let SQLAlchemy's "begin" event start transactions: the driver would start them late and
    # deferred, and two writers would then meet at "database is locked".
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # A commit may be lost with the machine's power, never with the process; what is lost is
    # only done a second time.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
