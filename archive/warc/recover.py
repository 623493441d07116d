"""Seal what a crash left open, without losing a whole record."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from archive import cdxj, fixity
from archive.cdxj import Entry
from archive.errors import DamagedRecord
from archive.warc import lock
from archive.warc.recall import recall
from archive.warc.record import read_records
from archive.warc.revisits import FILE_NAME, RevisitIndex
from archive.warc.seal import OPEN, archive_of, cdxj_of, entries_of, index, seal, sync_folder

_OURS: Final = re.compile(r"-\d{17}-\d{5}-[0-9a-f]{6}\.warc\.gz\.open$")
_WARC: Final = re.compile(r"\.w?arc(\.gz|\.zst|\.bz2)?$")
TORN: Final = ".torn"
"""Ending of the file that keeps the bytes cut off a torn tail, beside the WARC."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done about one file. ``warc`` is its name now.

    ``done`` is ``sealed``, ``listed`` (it was sealed already, but not in manifest or index),
    ``set aside`` (no whole record was in it) or ``left`` (it cannot be sealed: see ``damages``).
    ``cut`` counts the bytes of a torn tail, now in ``aside``.
    """

    warc: str
    done: str
    records: int = 0
    cut: int = 0
    aside: Path | None = None
    damages: tuple[DamagedRecord, ...] = ()


def recover(
    archive: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Recovered]:
    """Seal each ``.open`` WARC whose writer is gone, and list what is sealed but not listed.

    A torn tail is moved to ``<name>.torn``; damage further up stays where it is (readers step
    over it) and is reported. Running it again does nothing more. Files that a living writer
    holds are left alone.
    """
    folder = archive / "warc"
    if not folder.is_dir():
        return []
    with lock.alone(folder):
        left = [path for path in sorted(folder.glob("*" + OPEN)) if not lock.is_held(path)]
        results = [_recover_open(path, now) for path in left]
        results += _list_unlisted(archive, now)
        done = any(result.done in ("sealed", "listed") for result in results)
        if done or not cdxj.is_whole(archive):
            cdxj.rebuild(archive)
        if not (archive / FILE_NAME).is_file():
            remake_revisits(archive)
    return results


def _list_unlisted(archive: Path, now: Callable[[], datetime]) -> list[Recovered]:
    listed, _ = fixity.read(archive)
    return [
        _list(warc, in_manifest=warc.name in listed, now=now)
        for warc in sealed_warcs(archive)
        if (warc.name not in listed or not cdxj_of(warc).is_file()) and not lock.is_held(warc)
    ]


def sealed_warcs(archive: Path) -> list[Path]:
    """Return the archive's sealed WARCs by name, and what passes for one but cannot be read."""
    found = (archive / "warc").iterdir() if (archive / "warc").is_dir() else ()
    return sorted(path for path in found if _WARC.search(path.name))


def _recover_open(path: Path, now: Callable[[], datetime]) -> Recovered:
    final = path.with_name(path.name.removesuffix(OPEN))
    if final.exists():
        what = f"{final.name} is there too: rename one of the two, then recover again"
        return Recovered(path.name, "left", damages=(_whole_file(path, what),))
    found = scan(path)
    if not found.records:
        return _without_record(path, found)
    aside = _cut_tail(path, found.end)
    seal(
        path,
        entries=found.entries,
        sha256=fixity.sha256_of(path),
        records=found.records,
        now=now(),
    )
    cut = aside.stat().st_size if aside else 0
    return Recovered(final.name, "sealed", found.records, cut, aside, found.damages)


def _without_record(path: Path, found: Scan) -> Recovered:
    """A file of ours that died before its first record was whole, or another's that is no WARC."""
    if found.damages and not _OURS.search(path.name):
        return Recovered(path.name, "left", damages=found.damages)
    aside = path.with_name(path.name.removesuffix(OPEN) + TORN)
    size = path.stat().st_size
    path.rename(aside)
    sync_folder(path.parent)
    return Recovered(path.name, "set aside", cut=size, aside=aside, damages=found.damages)


def _list(warc: Path, *, in_manifest: bool, now: Callable[[], datetime]) -> Recovered:
    found = scan(warc)
    if not found.records:
        return Recovered(warc.name, "left", damages=found.damages)
    if not in_manifest:
        fixity.append(
            archive_of(warc),
            file=warc.name,
            size=warc.stat().st_size,
            sha256=fixity.sha256_of(warc),
            records=found.records,
            now=now(),
        )
    index(warc, found.entries)
    return Recovered(warc.name, "listed", found.records, damages=found.damages)


@dataclass(frozen=True, slots=True)
class Scan:
    """What reading a whole WARC told. ``end`` is where its last whole record ends."""

    entries: tuple[Entry, ...]
    records: int
    end: int
    damages: tuple[DamagedRecord, ...]


def scan(path: Path) -> Scan:
    """Read every record of a WARC, past damage."""
    damages: list[DamagedRecord] = []
    entries: list[Entry] = []
    records, end = 0, 0
    for record in read_records(path, on_damage=damages.append):
        entries += entries_of(record)
        records += 1
        # A record that shares its gzip member has no end of its own: nothing is cut then.
        end = record.offset + record.length if record.length else path.stat().st_size
    return Scan(tuple(entries), records, end, tuple(damages))


def _cut_tail(path: Path, end: int) -> Path | None:
    """Move what follows ``end`` into a file of its own; None if nothing does."""
    if path.stat().st_size <= end:
        return None
    aside = path.with_name(path.name.removesuffix(OPEN) + TORN)
    with path.open("r+b") as file, aside.open("wb") as tail:
        file.seek(end)
        shutil.copyfileobj(file, tail)
        tail.flush()
        os.fsync(tail.fileno())
        sync_folder(path.parent)
        file.truncate(end)  # only now: a crash before this leaves the tail in both
        os.fsync(file.fileno())
    return aside


def _whole_file(path: Path, what: str) -> DamagedRecord:
    return DamagedRecord(what, warc=path.name, offset=0)


def remake_revisits(archive: Path) -> None:
    """Make the revisit index again from the archive's WARCs, oldest file first."""
    (archive / FILE_NAME).unlink(missing_ok=True)
    with RevisitIndex(archive) as revisits:
        for warc in sorted(sealed_warcs(archive), key=_begun):
            for record in read_records(warc, on_damage=lambda _: None):
                recall(record, revisits)
            revisits.commit()


def _begun(warc: Path) -> str:
    """Return the time in the name, so that portals' files are read in the order of time."""
    return warc.name.rsplit("-", 3)[-3] if warc.name.count("-") >= 3 else ""
