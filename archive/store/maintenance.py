"""Keep the lake's files few and large: each batch of a crawl is a file of its own."""

from __future__ import annotations

import duckdb

from archive.store import schema

# Files that a reader may still have in hand; a rebuild leaves the old tables' for as long.
KEEP = "INTERVAL 1 DAY"


def merge(connection: duckdb.DuckDBPyConnection) -> None:
    """Merge small neighbouring files; no row changes, and ``--as-of`` still works.

    The caller holds the writer's lock, and nobody should be reading: with DuckLake 1.0 (DuckDB
    1.5.5) a statement or transaction that began before a merge and reads on after it loses rows
    of merged files. So ingest never merges by itself.
    """
    for table in schema.TABLES:
        connection.execute(f"CALL ducklake_merge_adjacent_files('lake', '{table.name}')")


def clean(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete files that nothing has needed for a day: merged ones, and those of an old rebuild."""
    connection.execute(f"CALL ducklake_cleanup_old_files('lake', older_than => now() - {KEEP})")
    connection.execute(f"CALL ducklake_delete_orphaned_files('lake', older_than => now() - {KEEP})")


def small_files(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many files of less than 16 MB the lake has."""
    row = connection.execute(
        " + ".join(
            f"(SELECT count(*) FROM ducklake_list_files('lake', '{table.name}') "
            "WHERE data_file_size_bytes < 16000000)"
            for table in schema.TABLES
        ).join(("SELECT ", ""))
    ).fetchone()
    return int(row[0]) if row else 0
