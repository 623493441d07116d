"""The tables: DuckLake, with a SQLite catalog and Parquet files."""

from archive.store.connection import connect
from archive.store.reader import Reader, open

__all__ = ["Reader", "connect", "open"]
