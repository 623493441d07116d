"""The tables: DuckLake, with a SQLite catalog and Parquet files."""

from archive.store.connection import connect, open

__all__ = ["connect", "open"]
