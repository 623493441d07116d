"""The tables: DuckLake, with a SQLite catalog and Parquet files."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.store.connection import connect
    from archive.store.reader import Reader, open
else:

    def __getattr__(name):
        """Import DuckDB when the tables are asked for: who makes a key of a URL need not."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from archive.store import connection, reader

        return connection.connect if name == "connect" else getattr(reader, name)


__all__ = ["Reader", "connect", "open"]
