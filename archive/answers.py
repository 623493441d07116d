"""Answers as files that other programs read: CSV, JSON, JSON lines, Parquet."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow.parquet as pq

from archive.errors import ArchiveError, BadSetting, DiskFull

FETCH = 1_000  # rows held at once
BOM = "\ufeff"  # by which spreadsheet programs know that a CSV is UTF-8, not a Windows code page

Progress = Callable[[int], None]


def rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of an executed connection without holding them all."""
    while some := result.fetchmany(FETCH):
        yield from some


def columns(result: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the columns of an executed connection."""
    return [column[0] for column in result.description or ()]


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; instants are ISO 8601 in UTC.

    >>> plain(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    '2026-11-24T12:00:00Z'
    """
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def cell(value: Any) -> str:
    """Return a value as one cell of a table: lists joined by ``; ``, nothing for NULL.

    >>> cell(["राकेश शर्मा", "ब्यूरो"]), cell(None)
    ('राकेश शर्मा; ब्यूरो', '')
    """
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "; ".join(cell(inner) for inner in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}={cell(inner)}" for key, inner in value.items())
    return str(plain(value))


def write_csv(
    result: duckdb.DuckDBPyConnection, file: IO[str], *, bom: bool, on_row: Progress | None = None
) -> int:
    """Write CSV (RFC 4180: CRLF, quotes doubled); return the number of rows.

    ``file`` is UTF-8 text opened with ``newline=""``. ``bom`` begins it with a byte order mark,
    without which Excel shows Devanagari as mojibake; other programs skip it.
    """
    if bom:
        file.write(BOM)
    writer = csv.writer(file)
    writer.writerow(columns(result))
    number = 0
    for number, row in enumerate(rows(result), 1):
        writer.writerow([cell(value) for value in row])
        _tell(on_row, number)
    return number


def write_json(
    result: duckdb.DuckDBPyConnection, file: IO[str], *, on_row: Progress | None = None
) -> int:
    """Write one JSON array of objects, a row a line; return the number of rows."""
    number = 0
    for number, line in enumerate(_objects(result), 1):
        file.write(("[\n" if number == 1 else ",\n") + line)
        _tell(on_row, number)
    file.write("\n]\n" if number else "[]\n")
    return number


def write_jsonl(
    result: duckdb.DuckDBPyConnection, file: IO[str], *, on_row: Progress | None = None
) -> int:
    """Write one JSON object a line; return the number of rows."""
    number = 0
    for number, line in enumerate(_objects(result), 1):
        file.write(line + "\n")
        _tell(on_row, number)
    return number


def _objects(result: duckdb.DuckDBPyConnection) -> Iterator[str]:
    names = columns(result)
    for row in rows(result):
        values = dict(zip(names, map(plain, row), strict=True))
        yield json.dumps(values, ensure_ascii=False)


def write_parquet(
    result: duckdb.DuckDBPyConnection, path: Path, *, on_row: Progress | None = None
) -> int:
    """Write zstd Parquet; types stay as they are. Returns the number of rows."""
    number = 0
    reader = result.to_arrow_reader(FETCH)
    with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            number += batch.num_rows
            _tell(on_row, number)
    return number


def _tell(on_row: Progress | None, number: int) -> None:
    if on_row and number % 100 == 0:
        on_row(number)


FORMATS = ("csv", "json", "jsonl", "parquet")


def write(
    result: duckdb.DuckDBPyConnection,
    path: Path,
    form: str,
    *,
    on_row: Progress | None = None,
) -> int:
    """Write ``result`` to ``path`` as ``form``; the file is there only when it is whole.

    Returns the number of rows. Raises ``BadSetting`` for a format that is not known, and as
    :func:`whole` does.
    """
    if form not in FORMATS:
        raise BadSetting(f"no format {form!r}: one of {', '.join(FORMATS)}")
    with whole(path) as unfinished:
        if form == "parquet":
            return write_parquet(result, unfinished, on_row=on_row)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            return _write_text(result, file, form, on_row)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield the file to write in place of ``path``, which it becomes at the end of the block.

    It is removed where the block fails. Raises ``BadSetting`` or ``DiskFull``, which name
    ``path``, where it cannot be written.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.open("wb").close()
        try:
            yield unfinished
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> ArchiveError:
    """Return the error to raise ``from error``, met while ``path`` was written."""
    kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else BadSetting
    return kind(f"{path} cannot be written: {error.strerror or error}")


def _write_text(
    result: duckdb.DuckDBPyConnection, file: IO[str], form: str, on_row: Progress | None
) -> int:
    if form == "csv":
        return write_csv(result, file, bom=True, on_row=on_row)
    if form == "json":
        return write_json(result, file, on_row=on_row)
    return write_jsonl(result, file, on_row=on_row)
