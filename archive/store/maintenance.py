"""Keep the lake's files few and large: each batch of a crawl is a file of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import duckdb

from archive.store import schema

SMALL = 16_000_000  # bytes; smaller files are merged
TINY = 1_000_000  # bytes; by itself, ingest merges smaller files only, so each row once or twice
# Seconds between two merges: the system gives a lock to whoever asks, not to who waits for longest.
TURN = 0.05
# Files that a reader may still have in hand; a rebuild leaves the old tables' for as long.
KEEP = "INTERVAL 1 DAY"


def merge(
    connection: duckdb.DuckDBPyConnection,
    unread: Callable[[], AbstractContextManager[bool]],
    below: int = SMALL,
    least: int = 2,
) -> bool:
    """Merge files smaller than ``below`` in tables that have ``least`` of them; False if one reads.

    No row changes, and ``--as-of`` still works. The caller holds the writer's lock. ``unread``
    tells whether nobody reads, for as long as its block lasts: with DuckLake 1.0 (DuckDB 1.5.5) a
    statement or transaction that began before a merge and reads on after it loses rows of merged
    files. It is asked for each file that is made, which takes less than a second: so long does a
    reader wait who comes meanwhile.
    """
    for table in _crowded(connection, below, least):
        made = True
        while made:
            with unread() as alone:
                if not alone:
                    return False
                made = bool(
                    connection.execute(
                        f"CALL ducklake_merge_adjacent_files('lake', '{table}', "
                        f"max_compacted_files => 1, max_file_size => {below})"
                    ).fetchall()
                )
            time.sleep(TURN)
    return True


def _crowded(connection: duckdb.DuckDBPyConnection, below: int, least: int) -> Iterator[str]:
    """Yield the tables that have ``least`` files smaller than ``below`` which can be merged."""
    for table in schema.TABLES:
        row = connection.execute(
            f"SELECT count(*) FROM ducklake_list_files('lake', '{table.name}') "
            "WHERE data_file_size_bytes < $1 AND delete_file IS NULL",
            [below],
        ).fetchone()
        if row and row[0] >= least:
            yield table.name


def clean(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete files that nothing has needed for a day: merged ones, and those of an old rebuild."""
    connection.execute(f"CALL ducklake_cleanup_old_files('lake', older_than => now() - {KEEP})")
    connection.execute(f"CALL ducklake_delete_orphaned_files('lake', older_than => now() - {KEEP})")


def small_files(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many files of less than ``SMALL`` the lake has."""
    row = connection.execute(
        " + ".join(
            f"(SELECT count(*) FROM ducklake_list_files('lake', '{table.name}') "
            f"WHERE data_file_size_bytes < {SMALL})"
            for table in schema.TABLES
        ).join(("SELECT ", ""))
    ).fetchone()
    return int(row[0]) if row else 0
