"""Connections to an archive's tables: many readers, and the one writer."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from datetime import datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import duckdb

from archive.errors import BadSetting, StoreError
from archive.exclusions import Exclusions
from archive.exclusions import read as read_exclusions
from archive.store import bucket, lock, migrations, postgres
from archive.store.concealed import conceal
from archive.store.faults import fault
from archive.store.lake import CATALOG, SETTINGS, Lake, keep, lake_of, named
from archive.store.lifetime import at_end_of
from archive.store.migrations import VERSION

log = logging.getLogger(__name__)

MEMORY = "1500MB"  # of a connection; a question that needs more uses the disk, and takes longer
MAKING = 10.0  # seconds that a reader waits for tables that are just being made
_BUSY_MS = 30_000  # how long a commit waits for another process's short lock on the catalog


def connect(
    folder: Path, *, write: bool = False, as_of: datetime | None = None, whole: bool = False
) -> duckdb.DuckDBPyConnection:
    """Return a connection that has the archive in ``folder`` attached as ``lake`` and in use.

    With ``write`` the catalog and its tables are made where they are missing, and older ones
    migrated; the caller holds the writer's lock. With ``as_of`` the tables are as they stood then.
    What is excluded now is not seen, but by writers and with ``whole``, for what gives nothing
    out. Times are shown in UTC. A reader waits up to ``MAKING`` seconds for tables that are just
    being made. Raises ``BadSetting`` where no archive is, ``StoreError`` where one cannot be opened
    or what is excluded cannot be known.
    """
    folder = folder_of(folder)
    if write:
        return _connected(folder, True, as_of, Exclusions())
    return connect_to_read(folder, as_of, Exclusions() if whole else read_exclusions(folder))


def folder_of(folder: Path) -> Path:
    """Return ``folder`` as an absolute path; raise ``BadSetting`` where it is a file."""
    if folder.is_file():
        raise BadSetting(f"{folder} is a file: name the folder of an archive")
    return folder.resolve()


def connect_to_read(
    folder: Path, as_of: datetime | None, exclusions: Exclusions
) -> duckdb.DuckDBPyConnection:
    """Return a connection that reads, and that merging waits for until nothing reads through it."""
    _await_tables(folder)
    if not is_made(folder):
        raise BadSetting(_no_catalog(folder))
    read = lock.reading(folder)
    try:
        connection = _connected(folder, False, as_of, exclusions)
        at_end_of(connection, read)
    except BaseException:
        read()
        raise
    return connection


def is_made(folder: Path) -> bool:
    """Tell whether the archive in ``folder`` has a catalog; a shared one is asked whether."""
    lake = lake_of(folder)
    return postgres.state(lake) is not None if lake.shared else (folder / CATALOG).exists()


def state(folder: Path) -> str:
    """Return what differs whenever the tables of the archive in ``folder`` have changed."""
    lake = lake_of(folder)
    if lake.shared:
        return postgres.state(lake) or ""
    return str((folder / CATALOG).stat().st_mtime_ns)


def _connected(
    folder: Path, write: bool, as_of: datetime | None, exclusions: Exclusions
) -> duckdb.DuckDBPyConnection:
    lake = lake_of(folder)
    connection = bare()
    try:
        _load(connection, lake)
        if write and lake.shared:
            postgres.make_schema(lake)
        connection.execute(_attach(lake, write, as_of))
        connection.execute("USE lake")
        if write:
            _bring_up(connection, folder)
        _check_version(connection, folder, then=as_of is not None)
        conceal(connection, exclusions)
    except duckdb.Error as error:
        connection.close()
        raise fault(folder, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def bare() -> duckdb.DuckDBPyConnection:
    """Return a connection with the extensions and limits that archives need, nothing attached."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = {_quoted(MEMORY)}")
    connection.execute(f"SET temp_directory = {_quoted(str(_spill_folder()))}")
    for name in ("sqlite_scanner", "ducklake"):
        connection.execute(f"LOAD {_quoted(extension(name))}")
    return connection


def share(folder: Path, catalog: str, data: str = "") -> Lake:
    """Let the tables of the archive in ``folder`` be in this shared lake from now on; return it.

    Writes ``lake.toml`` once both halves answer. Raises ``BadSetting`` where the folder has another
    lake already, or where tables are to be made among somebody's files: what lies beside the lake's
    own files would be deleted as left over. Raises ``StoreError`` where a half does not answer.
    """
    lake = named(folder.resolve(), catalog, data)
    path = lake.folder / SETTINGS
    if path.exists():
        if (known := lake_of(folder)) != lake:
            raise BadSetting(
                f"{path} names {known}, not {lake}: to move, give that file another name first"
            )
        return lake
    with bare() as connection:
        try:
            _load(connection, lake)
            if lake.in_bucket:
                bucket.reach(connection, lake)
            if postgres.state(lake) is not None:
                connection.execute(_attach(lake))
            elif connection.execute("FROM glob($1) LIMIT 1", [f"{lake.data}**"]).fetchone():
                raise BadSetting(f"{lake.data} is not empty: name one that is the lake's alone")
        except duckdb.Error as error:
            raise BadSetting(
                f"{lake} cannot be used: {bucket.without_secrets(str(error))}"
            ) from None
    lake.folder.mkdir(parents=True, exist_ok=True)
    keep(lake)
    return lake


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Give the connection what a shared lake needs: extensions, and the keys of its bucket."""
    if lake.shared:
        connection.execute(f"LOAD {_quoted(extension('postgres_scanner'))}")
    if lake.in_bucket:
        connection.execute(f"LOAD {_quoted(extension('httpfs'))}")
        connection.execute(bucket.secret(lake))


def _await_tables(folder: Path) -> None:
    """Wait while another process makes the first tables; raise ``StoreError`` if that takes long.

    Until they are committed, the catalog is an empty file, or one that holds nothing of ours.
    """
    patience = time.monotonic() + MAKING
    while lock.is_held(folder) and not _has_tables(folder):
        if time.monotonic() > patience:
            raise StoreError(
                f"the tables in {folder} are just being made by another process: "
                "ask again in a moment"
            )
        time.sleep(0.1)


def _has_tables(folder: Path) -> bool:
    """Tell whether tables have been committed; what is no catalog at all is not waited for."""
    lake = lake_of(folder)
    if lake.shared:
        return postgres.state(lake) is not None
    # Asked through DuckDB: a second SQLite in a process takes the first one's locks away and cuts
    # the memory that it shares with others (sqlite.org, "How To Corrupt An SQLite Database File").
    with duckdb.connect() as connection:
        try:
            connection.execute(f"LOAD {_quoted(extension('sqlite_scanner'))}")
            path = _quoted(str(folder / CATALOG))
            connection.execute(f"ATTACH {path} AS catalog (TYPE sqlite, READ_ONLY)")
            found = connection.execute(
                "SELECT count(*) FROM catalog.ducklake_table WHERE table_name = 'schema_version'"
            ).fetchall()
        except duckdb.Error as error:  # no file, no table, or locked by its maker, but for damage
            return "not a database" in str(error) or "malformed" in str(error)
    return found != [(0,)]


def extension(name: str) -> str:
    """Return the file of a DuckDB extension: inside its wheel, else its name for ``LOAD``."""
    package = f"duckdb_extension_{name}"
    if find_spec(package) is None:
        return name
    folder = files(package) / "extensions" / f"v{duckdb.__version__}"
    return str(folder / f"{name}.duckdb_extension")


def attach_line(folder: Path, *, write: bool = False, as_of: datetime | None = None) -> str:
    """Return the ATTACH statement by which any DuckDB client opens the archive.

    Only a catalog in the archive's own folder, which may have been moved, is told where its files
    are now; a shared one knows, and refuses who thinks otherwise.
    """
    return _attach(lake_of(folder), write, as_of)


def _attach(lake: Lake, write: bool = False, as_of: datetime | None = None) -> str:
    options = [f"DATA_PATH {_quoted(lake.data)}"]
    if lake.shared:
        catalog = f"postgres:{lake.catalog}"
        options.append(f"META_SCHEMA {_quoted(postgres.schema_of(lake))}")
    else:
        catalog = f"sqlite:{lake.folder / CATALOG}"
        options += ["OVERRIDE_DATA_PATH true", f"META_BUSY_TIMEOUT {_BUSY_MS}"]
        options += ["META_JOURNAL_MODE 'WAL'"] if write else []
    options += [] if write else ["READ_ONLY"]
    if as_of is not None:
        options.append(f"SNAPSHOT_TIME {_quoted(as_of.isoformat())}")
    return f"ATTACH {_quoted(f'ducklake:{catalog}')} AS lake ({', '.join(options)})"


def _no_catalog(folder: Path) -> str:
    if lake_of(folder).shared or (folder / "warc").is_dir():
        return f"no tables yet in {folder}: make them with `morestories ingest --archive {folder}`"
    return (
        f"no archive at {folder}: name one with --archive DIR, "
        "or begin one with `morestories crawl URL`"
    )


def _bring_up(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the tables where they are missing, and migrate old ones."""
    found = migrations.version(connection)
    if found is None:
        migrations.make(connection)
    elif found < VERSION:
        migrations.migrate(connection, folder, found)
    else:
        migrations.set_options(connection)


def _check_version(connection: duckdb.DuckDBPyConnection, folder: Path, then: bool) -> None:
    """Refuse tables that are not of this version; ``then``: older ones are as they stood."""
    version = migrations.version(connection)
    if version is None:
        raise StoreError(
            f"{folder / CATALOG} holds no tables of morestories yet: "
            f"`morestories ingest --archive {folder}` makes them from the WARC files"
        )
    if version > VERSION:
        raise StoreError(
            f"the archive in {folder} was made by a newer morestories (tables version {version}, "
            f"this one knows {VERSION}): upgrade with `pip install -U morestories`"
        )
    if version < VERSION and not then:
        raise StoreError(
            f"the tables in {folder} were made by an older morestories (version {version}, "
            f"this one reads {VERSION}): `morestories ingest --archive {folder}` brings them up "
            "to date"
        )


def _spill_folder() -> Path:
    """Return where DuckDB may put what does not fit in memory; made only when it is needed."""
    return Path(tempfile.gettempdir()) / f"morestories-{os.getpid()}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def warcs_of(folder: Path) -> set[str]:
    """Return the WARC files that the tables of ``folder`` know, whatever version these are of.

    None where there are no tables, or, in a folder of its own, none that can be read. Raises
    ``StoreError`` where a shared lake's cannot be read: others' files may be among them.
    """
    lake = lake_of(folder)
    with bare() as connection:
        try:
            _load(connection, lake)
            connection.execute(_attach(lake))
            return {row[0] for row in connection.execute("SELECT warc FROM lake.warcs").fetchall()}
        except duckdb.Error as error:
            if lake.shared and postgres.state(lake) is not None:
                raise fault(folder, error) from error
            log.warning("the tables of %s: %s", folder, bucket.without_secrets(str(error)))
            return set()


def snapshot_at(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> int:
    """Return the number of the snapshot of the tables that stood at ``as_of``."""
    row = connection.execute(
        "SELECT max(snapshot_id) FROM lake.snapshots() WHERE snapshot_time <= $1", [as_of]
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
