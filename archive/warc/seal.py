"""Seal a WARC: its final name, its line in the manifest, its place in the index."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from archive import cdxj, fixity
from archive.cdxj import Entry
from archive.warc.message import header, parse_head, split_head
from archive.warc.record import Record

logger = logging.getLogger(__name__)

OPEN: Final = ".open"
_MOST_HEAD: Final = 1_048_576
_INDEXED: Final = frozenset({"response", "revisit", "resource", "metadata"})

Apart = Callable[[Callable[[], None]], object]  # does what it is given, now or later


def at_once(work: Callable[[], None]) -> None:
    """Do the work now: an ``Apart`` for those who have nothing else to do."""
    work()


def seal(
    unsealed: Path,
    *,
    entries: Iterable[Entry],
    sha256: str,
    records: int,
    now: datetime,
    apart: Apart = at_once,
) -> Path:
    """Give ``<name>.open`` its final name, then list it. The file must be on disk already.

    ``apart`` is handed the listing, which takes seconds in a large archive, and may do it later,
    in a thread. What is listed can be made again, so running out of room there is logged, not
    raised, and a crash before it costs nothing: ``morestories recover`` completes it.
    """
    sealed = unsealed.with_name(unsealed.name.removesuffix(OPEN))
    size = unsealed.stat().st_size
    unsealed.rename(sealed)
    sync_folder(sealed.parent)

    def enter() -> None:
        try:
            fixity.append(
                archive_of(sealed),
                file=sealed.name,
                size=size,
                sha256=sha256,
                records=records,
                now=now,
            )
            index(sealed, entries)
        except OSError as error:
            logger.warning(
                "%s is sealed and whole but not listed (%s): run `morestories recover`",
                sealed,
                error,
            )

    apart(enter)
    logger.info("sealed %s: %d records, %d bytes", sealed, records, size)
    return sealed


def archive_of(warc: Path) -> Path:
    """Return the archive's folder of a file in its ``warc`` folder."""
    return warc.parent.parent


def cdxj_of(warc: Path) -> Path:
    """Return where the index of one WARC lies: ``<name>.cdxj`` for ``<name>.warc.gz``."""
    name = warc.name.removesuffix(".gz").removesuffix(".warc")
    return warc.with_name(name + ".cdxj")


def index(warc: Path, entries: Iterable[Entry]) -> None:
    """Merge a sealed WARC's index into the archive's, then put it beside the WARC.

    In this order: where ``<name>.cdxj`` is, its lines are in the archive's index.
    """
    beside = cdxj_of(warc)
    unmerged = beside.with_name(beside.name + ".unmerged")
    cdxj.write(unmerged, entries)
    cdxj.merge(archive_of(warc), unmerged)
    unmerged.replace(beside)


def entries_of(record: Record) -> list[Entry]:
    """Return the record's index line, if cdxj-indexer would list it."""
    kind, media = record.record_type, record.get("content-type")
    if kind not in _INDEXED or not record.get("warc-target-uri"):
        return []
    if kind in ("metadata", "resource") and media == "application/warc-fields":
        return []
    return [_entry(record)]


def _entry(record: Record) -> Entry:
    mime, status = record.get("content-type"), ""
    if record.record_type in ("response", "revisit"):
        code, headers = parse_head(split_head(record.first(_MOST_HEAD))[0])
        mime, status = header(headers, "content-type"), str(code or "")
    url = record.get("warc-target-uri")
    return Entry(
        key=cdxj.url_key(url),
        timestamp=cdxj.timestamp(record.get("warc-date")),
        url=url,
        mime="warc/revisit" if record.record_type == "revisit" else cdxj.media_type(mime),
        status=status,
        digest=record.get("warc-payload-digest"),
        length=record.length,
        offset=record.offset,
        warc=record.warc.removesuffix(OPEN),
    )


def sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
