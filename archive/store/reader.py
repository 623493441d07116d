"""``archive.open``: the tables for a researcher, from Python."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from archive.exclusions import Exclusions
from archive.exclusions import read as read_exclusions
from archive.store.concealed import conceal
from archive.store.connection import connect_to_read, folder_of, snapshot_at
from archive.store.lifetime import live_with


class Reader:
    """A DuckDB connection that reads an archive, and whose cursors do, too.

    It has all that DuckDB's own connection has; that one is ``duckdb``, for libraries that accept
    no other class. A cursor of that one would begin with nothing in use.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, exclusions: Exclusions) -> None:
        self.duckdb = connection
        self._exclusions = exclusions

    def cursor(self) -> Reader:
        """Return a connection of its own to the same tables, for another thread say.

        It is closed when the one that it came from is.
        """
        from archive.search.table import name_search  # it stands on this module

        connection = self.duckdb.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("USE lake")
        conceal(connection, self._exclusions)
        name_search(connection)
        return Reader(connection, self._exclusions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.duckdb, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.duckdb)})

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:  # else closing waits for what was asked last, for hours maybe
            with suppress(duckdb.ConnectionException):  # closed already
                self.duckdb.interrupt()
        self.duckdb.close()


def open(folder: Path | str, *, as_of: datetime | None = None) -> Reader:
    """Return a read-only connection to the tables of the archive in ``folder``.

    The tables and views of docs/schema.md stand unqualified (``SELECT title FROM articles``), and
    ``search('शिमला बर्फबारी')`` is a table of ``article`` and ``score`` to join with. Any number
    may be open, for as long as they like, while a crawl writes; each statement sees whole batches
    only. With ``as_of`` they are as they stood then. ``close()``, or the end of a ``with``, also
    closes its cursors. While it, a cursor, a relation or a stream of rows can still read,
    no files are merged. Raises as ``archive.store.connect`` does.
    """
    from archive.search.table import make_search, name_search  # they stand on this module

    folder = folder_of(Path(folder))
    exclusions = read_exclusions(folder)
    connection = connect_to_read(folder, as_of, exclusions)
    try:
        snapshot = snapshot_at(connection, as_of) if as_of else None
        live_with(connection, make_search(connection, folder, snapshot))
        name_search(connection)
    except BaseException:
        connection.close()
        raise
    return Reader(connection, exclusions)
