"""What went wrong in DuckDB → an error that says what, where and what next."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from archive.errors import ArchiveError, BadSetting, DiskFull, StoreError
from archive.store.bucket import without_secrets
from archive.store.lake import CATALOG, lake_of

SEARCH_ASKED = "search(): "  # begins what search() in SQL says of a question
SEARCH_FAILED = "search() cannot be used: "  # … and of an index
_ROOM = 100_000  # bytes under which a disk is full: SQLite's log begins with 32 KB
_CHECK = """import sqlite3, sys
print(sqlite3.connect(sys.argv[1], uri=True).execute("PRAGMA quick_check(1)").fetchone()[0])"""
# What DuckDB says of a function that would write.
_READ_ONLY = ("attached in read-only mode", "readonly database")
# The statement's fault, whatever the tables hold.
_ASKED_WRONGLY = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.PermissionException,
    duckdb.TypeMismatchException,
    duckdb.NotImplementedException,
    duckdb.InterruptException,
)


def fault(folder: Path, error: duckdb.Error) -> ArchiveError:
    """Return the error to raise ``from error``, met while reading or writing ``folder``'s tables.

    ``BadSetting`` where the statement is to blame; ``StoreError``, naming each Parquet file that
    cannot be read, where the tables are. Reads all of them in that case.
    """
    text = without_secrets(str(error))
    said = text.removeprefix("Invalid Input Error: ")
    if said.startswith(SEARCH_ASKED):
        return BadSetting(said)
    if said.startswith(SEARCH_FAILED):
        return StoreError(said)
    lake = lake_of(folder)
    if "No space left on device" in text or _is_full(folder, text):
        return DiskFull(f"no room left on the disk of {folder}; what was landed is intact")
    if "No snapshot found" in text:
        moment = text.rpartition("timestamp ")[2].strip()
        return BadSetting(
            f"nothing stood at {moment}: the tables are younger (a rebuild begins their history anew)"
        )
    if not lake.shared and "readonly database" in text and not os.access(folder, os.W_OK):
        return StoreError(
            f"{folder / CATALOG} wants the right to write in its folder, even to be read, as SQLite "
            "does: ask its owner for that, or for a copy by `morestories export archive.duckdb`"
        )
    if any(words in text for words in _READ_ONLY):
        return BadSetting(f"the archive is opened for reading only: {text}")
    if isinstance(error, _ASKED_WRONGLY):
        return BadSetting(f"{text}\nThe tables and columns are described in docs/schema.md.")
    if not lake.shared and (wrong := _wrong_with(folder / CATALOG)):
        return StoreError(f"{wrong}\n{_again(folder)}")
    if not lake.in_bucket and (bad := damaged(Path(lake.data))):
        named = "\n".join(f"  {path}: {why}" for path, why in bad)
        return StoreError(f"the tables in {folder} are damaged:\n{named}\n{_again(folder)}")
    if isinstance(error, duckdb.InvalidInputException):
        return BadSetting(text)
    if lake.shared:
        return StoreError(
            f"the tables in {lake} cannot be used: {text}\nThe WARC files are not touched by this: "
            f"where the lake answers again, `morestories ingest --archive {folder}` goes on"
        )
    return StoreError(f"the tables in {folder} cannot be used: {text}\n{_again(folder)}")


def _again(folder: Path) -> str:
    return (
        "The WARC files are not touched by this: "
        f"`morestories rebuild --archive {folder}` makes the tables again from them."
    )


def _is_full(folder: Path, text: str) -> bool:
    """Tell whether SQLite's words mean a full disk, which it says in other words, too."""
    if "database or disk is full" in text:
        return True
    vague = any(words in text for words in ("disk I/O error", "no transaction is active"))
    return vague and shutil.disk_usage(folder).free < _ROOM


def _wrong_with(catalog: Path) -> str:
    """Return what keeps the catalog from being read, naming it; '' where it is well."""
    if catalog.is_dir():
        return f"{catalog} is a folder, not the catalog: move it away"
    try:
        size = catalog.stat().st_size
    except OSError as error:
        return f"the catalog {catalog} cannot be read: {error.strerror}"
    if not os.access(catalog, os.R_OK):
        return f"the catalog {catalog} cannot be read: {os.strerror(errno.EACCES)}"
    # In a process of its own: to close the file here would take DuckDB's locks on it away.
    command = [sys.executable, "-c", _CHECK, f"{catalog.as_uri()}?mode=ro"]
    checked = subprocess.run(command, capture_output=True, text=True)
    found = (checked.stdout or checked.stderr).strip().splitlines()[-1] if size else "it is empty"
    if found == "ok" or "OperationalError" in found:  # busy, say: that is no damage
        return ""
    return f"the catalog {catalog} is damaged: {found.removeprefix('sqlite3.DatabaseError: ')}"


def damaged(lake: Path) -> list[tuple[Path, str]]:
    """Return the Parquet files under ``lake`` that cannot be read to their end, and why."""
    found = []
    for path in sorted(lake.rglob("*.parquet")):
        try:
            with pq.ParquetFile(path) as file:
                for _ in file.iter_batches(1_024):
                    pass
        except (pa.ArrowException, OSError, ValueError) as error:
            found.append((path, str(error).splitlines()[0]))
    return found
