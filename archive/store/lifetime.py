"""What lives exactly as long as a DuckDB database: until nothing can read it any more.

A cursor, a relation and a stream of Arrow batches read on after the connection that they came from
is closed or forgotten. DuckDB keeps them in one database object, which Python cannot watch; but
that object owns the file systems registered with it, and lets go of them when the last reader is
gone. So a file system without files carries what must live that long.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import count
from typing import Any

import duckdb
from fsspec import AbstractFileSystem

_numbers = count()


class _Bearer(AbstractFileSystem):  # type: ignore[misc]
    """A file system for addresses that nobody writes, which holds on to ``borne``."""

    cachable = False  # fsspec would keep it alive

    def __init__(self, borne: Any) -> None:
        super().__init__()
        self.protocol = f"morestories-{next(_numbers)}"
        self.borne = borne


def live_with(connection: duckdb.DuckDBPyConnection, thing: Any) -> None:
    """Keep ``thing`` alive as long as anything reads through ``connection`` or came from it."""
    connection.register_filesystem(_Bearer(thing))


def at_end_of(connection: duckdb.DuckDBPyConnection, act: Callable[[], object]) -> None:
    """Call ``act`` once nothing reads through ``connection`` or what came from it."""
    bearer = _Bearer(None)
    weakref.finalize(bearer, act)
    connection.register_filesystem(bearer)
