"""What went wrong in DuckDB → an error that says what, where and what next."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from archive.errors import ArchiveError, BadSetting, DiskFull, StoreError
from archive.store.bucket import without_secrets
from archive.store.lake import lake_of

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
    if (said := text.removeprefix("Invalid Input Error: ")).startswith("search(): "):
        return BadSetting(said)
    lake = lake_of(folder)
    if "No space left on device" in text:
        return DiskFull(f"no room left on the disk of {folder}; what was landed is intact")
    if "No snapshot found" in text:
        moment = text.rpartition("timestamp ")[2].strip()
        return BadSetting(
            f"nothing stood at {moment}: the tables are younger (a rebuild begins their history anew)"
        )
    if isinstance(error, _ASKED_WRONGLY):
        return BadSetting(f"{text}\nThe tables and columns are described in docs/schema.md.")
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
