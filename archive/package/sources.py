"""The WARCs that chosen captures lie in, each planned as one extract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from archive.cdxj import Entry
from archive.errors import StoreError
from archive.package.choice import Kept
from archive.package.extract import Extract, Span, extract
from archive.warc.reader import resolve


@dataclass(frozen=True, slots=True)
class Source:
    """One WARC's extract, the name it leaves under, and its captures' lines for that name."""

    name: str
    extract: Extract
    entries: tuple[Entry, ...]


def sources(
    connection: duckdb.DuckDBPyConnection, archive: Path, kept: Iterable[Kept]
) -> list[Source]:
    """Return the extracts that hold ``kept``, by the WARCs' names.

    A WARC that leaves whole keeps its name; an extract's name says that it is one. Raises
    ``StoreError`` where a WARC has been moved away, or where its records cannot be cut apart and
    some of them are excluded.
    """
    by_warc: dict[str, list[Entry]] = defaultdict(list)
    for one in kept:
        by_warc[one.entry.warc].append(one.entry)
    return [
        _source(connection, archive, warc, sorted(entries, key=lambda entry: entry.offset))
        for warc, entries in sorted(by_warc.items())
    ]


def _source(
    connection: duckdb.DuckDBPyConnection, archive: Path, warc: str, entries: list[Entry]
) -> Source:
    chosen = [Span(entry.offset, entry.offset + entry.length) for entry in entries]
    path = resolve(archive / "warc", warc)
    known = _captures(connection, "lake.captures", warc)  # excluded ones too: there it is cut
    try:
        made = extract(path, chosen, known)
    except FileNotFoundError as error:
        raise StoreError(
            f"{path} is not there, but holds {len(entries):,} of the chosen captures: put it back, "
            "or let `morestories rebuild` forget it"
        ) from error
    if made.whole and len(_captures(connection, "captures", warc)) < len(known):
        raise StoreError(
            f"{path} holds excluded captures, and its records share gzip members, so that none of "
            "them can leave alone: choose captures of other files"
        )
    name = warc if made.whole else _extract_name(warc)
    lines = (replace(entry, offset=made.places[entry.offset], warc=name) for entry in entries)
    return Source(name, made, tuple(lines))


def _captures(connection: duckdb.DuckDBPyConnection, table: str, warc: str) -> list[Span]:
    rows = connection.execute(
        f"SELECT warc_offset, warc_offset + warc_length FROM {table} WHERE warc = ? ORDER BY 1",
        [warc],
    ).fetchall()
    return [Span(start, end) for start, end in rows]


def _extract_name(warc: str) -> str:
    """Return the name of an extract.

    >>> _extract_name("demo-20261124-0.warc.gz")
    'demo-20261124-0-extract.warc.gz'
    """
    stem, dot, ending = warc.partition(".warc")
    return f"{stem}-extract{dot}{ending}"
