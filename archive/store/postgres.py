"""The PostgreSQL side of a shared lake: which schema holds the tables, and who may write.

The tables are in ``morestories_1``. A rebuild grows in ``morestories_rebuild`` and is renamed to the
next number once it is whole, so those who read the older one go on reading it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from archive.errors import BadSetting, StoreError
from archive.store.lake import Lake

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

GROWING: Final = "morestories_rebuild"
_NUMBERED: Final = "morestories_"
_LOCK: Final = int.from_bytes(b"more", "big")  # the first of an advisory lock's two numbers
# A connection that holds the writer's lock: a machine that is gone loses it within a minute.
_WATCHED: Final = (
    "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 4"
)
_TIMEOUT: Final = 10  # seconds to connect
_PATIENCE: Final = "5s"  # how long the removal of old tables waits for their last readers


@contextmanager
def connected(lake: Lake) -> Iterator[psycopg.Connection[Any]]:
    """Connect to the catalog's database; raise ``StoreError``, naming it, where that fails."""
    try:
        import psycopg
    except ImportError as error:
        raise BadSetting(
            "a lake in PostgreSQL needs psycopg: pip install 'morestories[postgres]'"
        ) from error
    try:
        with psycopg.connect(lake.catalog, autocommit=True, connect_timeout=_TIMEOUT) as connection:
            yield connection
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        raise StoreError(f"the catalog {lake.catalog} cannot be used: {why}") from error


def schema_of(lake: Lake) -> str:
    """Return the schema in which the tables of ``lake`` are, or are to be made."""
    if lake.schema:
        return lake.schema
    with connected(lake) as connection:
        return f"{_NUMBERED}{max(_numbers(connection), default=1)}"


def make_schema(lake: Lake) -> None:
    """Make the schema where it is missing; the caller holds the writer's lock."""
    name = schema_of(lake)
    with connected(lake) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}".encode())


def state(lake: Lake) -> str | None:
    """Return what differs whenever the tables have changed; None where there are none yet."""
    name = schema_of(lake)
    with connected(lake) as connection:
        found = connection.execute("SELECT to_regclass(%s)", [f"{name}.ducklake_table"]).fetchone()
        if not found or found[0] is None:
            return None
        made, snapshot = connection.execute(
            "SELECT count(*), "
            f"(SELECT max(snapshot_id) FROM {name}.ducklake_snapshot) "
            f"FROM {name}.ducklake_table WHERE table_name = 'schema_version'".encode()
        ).fetchone() or (0, 0)
    return f"{name} {snapshot}" if made else None


def lock(connection: psycopg.Connection[Any], lake: Lake) -> bool:
    """Try to take the writer's lock for as long as ``connection`` lives; tell whether it is ours."""
    connection.execute(_WATCHED)
    taken = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", _key(lake)).fetchone()
    return bool(taken and taken[0])


def is_locked(lake: Lake) -> bool:
    """Tell whether somebody holds the writer's lock."""
    with connected(lake) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND (classid::bigint, objid::bigint) = (%s, %s)",
            _key(lake),
        ).fetchone()
    return bool(found and found[0])


def drop(lake: Lake) -> None:
    """Delete the schema that ``lake`` names, if it is there: what an interrupted rebuild left."""
    with connected(lake) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {lake.schema} CASCADE".encode())


def publish(grown: Lake) -> None:
    """Let all who open the lake from now on find the tables of ``grown``, and delete older ones.

    The tables before them stay for those who still read them, until the next rebuild.
    """
    import psycopg

    with connected(grown) as connection:
        numbers = sorted(_numbers(connection))
        after = (numbers or [0])[-1] + 1
        connection.execute(f"ALTER SCHEMA {grown.schema} RENAME TO {_NUMBERED}{after}".encode())
        connection.execute(f"SET lock_timeout = '{_PATIENCE}'".encode())
        for number in numbers[:-1]:
            try:
                connection.execute(f"DROP SCHEMA {_NUMBERED}{number} CASCADE".encode())
            except psycopg.errors.LockNotAvailable:
                log.info("%s%d is still being read: left to the next rebuild", _NUMBERED, number)


def _numbers(connection: psycopg.Connection[Any]) -> list[int]:
    names = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname ~ '^morestories_[0-9]+$'"
    ).fetchall()
    return [int(name.removeprefix(_NUMBERED)) for (name,) in names]


def _key(lake: Lake) -> tuple[int, int]:
    """Return the lock's two numbers (signed 32-bit); a rebuild's tables have a lock of their own."""
    return _LOCK, crc32(lake.schema.encode()) >> 1
