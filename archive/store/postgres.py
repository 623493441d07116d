"""The PostgreSQL side of a shared lake: which schema holds the tables, who writes and who reads.

The tables are in ``morestories_1``. A rebuild grows in ``morestories_rebuild`` and is renamed to the
next number once it is whole, so those who read the older one go on reading it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
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
READER: Final = "morestories reader"  # how the database's list of connections names one
# The first of an advisory lock's two numbers: the writer's, and the one that readers share.
_WRITING: Final = int.from_bytes(b"more", "big")
_READING: Final = int.from_bytes(b"read", "big")
# A connection that holds a lock: a machine that is gone loses it within a minute.
_WATCHED: Final = (
    "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 4"
)
_TIMEOUT: Final = 10  # seconds to connect
_PATIENCE: Final = "5s"  # how long the removal of old tables waits for their last readers


@contextmanager
def connected(lake: Lake) -> Iterator[psycopg.Connection[Any]]:
    """Connect to the catalog's database; raise ``StoreError``, naming it, where that fails."""
    with _naming(lake), _connect(lake) as connection:
        yield connection


def _connect(lake: Lake, name: str | None = None) -> psycopg.Connection[Any]:
    import psycopg

    return psycopg.connect(
        lake.catalog, autocommit=True, connect_timeout=_TIMEOUT, application_name=name
    )


@contextmanager
def _naming(lake: Lake) -> Iterator[None]:
    """Turn what the database refuses into a ``StoreError`` that names it."""
    try:
        import psycopg
    except ImportError as error:
        raise BadSetting(
            "a lake in PostgreSQL needs psycopg: pip install 'morestories[postgres]'"
        ) from error
    try:
        yield
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
    return _taken(connection, _key(_WRITING, lake))


def _taken(connection: psycopg.Connection[Any], key: tuple[int, int]) -> bool:
    connection.execute(_WATCHED)
    taken = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
    return bool(taken and taken[0])


def is_locked(lake: Lake) -> bool:
    """Tell whether somebody holds the writer's lock."""
    with connected(lake) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND (classid::bigint, objid::bigint) = (%s, %s)",
            _key(_WRITING, lake),
        ).fetchone()
    return bool(found and found[0])


def reading(lake: Lake) -> psycopg.Connection[Any]:
    """Say that somebody reads, until the connection that returns is closed; wait for a merge.

    Whoever may connect may do this; no right to write is needed.
    """
    with _naming(lake):
        connection = _connect(lake, READER)
        try:
            connection.execute(_WATCHED)
            connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", _key(_READING, lake))
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def readers(lake: Lake) -> Iterator[Callable[[], bool]]:
    """Yield what tells whether nobody reads, which is then so, with new readers waiting, to the end."""
    key = _key(_READING, lake)
    with connected(lake) as connection:
        yield lambda: _taken(connection, key)
        # Not left to the end of the session, which the database notices a moment later.
        connection.execute("SELECT pg_advisory_unlock_all()")


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


def _key(lock: int, lake: Lake) -> tuple[int, int]:
    """Return a lock's two numbers (signed 32-bit); a rebuild's tables have locks of their own."""
    return lock, crc32(lake.schema.encode()) >> 1
