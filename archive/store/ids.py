"""Ids as a table that a statement can be asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa


@contextmanager
def ids(connection: duckdb.DuckDBPyConnection, wanted: Iterable[int]) -> Iterator[None]:
    """Let ``(FROM ids)`` be these ids in the statements within.

    As a list parameter each id costs DuckDB a try to import numpy, where that is not installed.
    """
    connection.register("ids", pa.table({"id": pa.array(sorted(wanted), pa.int64())}))
    try:
        yield
    finally:
        connection.unregister("ids")
