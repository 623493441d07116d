"""What keeps an archive well, a little each day: seal, land, merge, and read what is kept again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from archive.errors import ArchiveBusy
from archive.ingest import Ingest
from archive.store import lock
from archive.store.connection import connect
from archive.store.lake import lake_of
from archive.store.lock import writer_lock
from archive.store.maintenance import clean, merge, small_files
from archive.store.postgres import READER
from archive.warc.recover import Recovered, recover, sealed_warcs
from archive.warc.verify import Damage, Progress, verify_manifest, verify_some

VERIFIED: Final = "verified.json"
DAYS: Final = 180  # in which every file is read again, if this runs daily
PATIENCE: Final = 30.0  # seconds that a merge waits for readers
SMALL: Final = 40  # small files of the tables that are worth a merge


@dataclass(frozen=True, slots=True)
class Read:
    """When a sealed WARC was read last, and how many damages it had. ``at`` is UTC."""

    at: datetime
    damages: int


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done. ``left`` says what was not, and why; it is done another time.

    ``oldest`` is when the file was read last that waits longest; None while one was never read.
    """

    recovered: tuple[Recovered, ...] = ()
    captures: int = 0
    small_files: tuple[int, int] = (0, 0)
    files: int = 0
    bytes: int = 0
    known: int = 0
    oldest: datetime | None = None
    damages: tuple[Damage, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


def keep_up(
    archive: Path,
    now: datetime,
    *,
    days: int = DAYS,
    most: int | None = None,
    patience: float = PATIENCE,
    on_step: Callable[[str, int], None] = lambda *_: None,
    progress: Progress = lambda _: None,
) -> Upkeep:
    """Do all that is due. Safe beside crawls, ingests and readers, and at any moment again.

    ``most`` is how many bytes are read again at most; None: so many that, daily, all are within
    ``days``. ``on_step`` is told what comes and how many bytes of ``progress`` it will be.
    """
    left: dict[str, str] = {}
    on_step("sealing what a crash left", 0)
    recovered = recover(archive)
    on_step("landing and indexing what is not yet", 0)
    captures, before, after = _tables(archive, patience, left)
    read = read_back(archive)
    chosen = due(sealed_warcs(archive), read, now, days, most)
    on_step("reading what is kept again", sum(path.stat().st_size for path in chosen))
    files = size = 0
    damages = verify_manifest(archive)
    for warc, report in verify_some(archive, chosen, progress=progress):
        files, size = files + 1, size + report.bytes
        damages += report.damages
        read = {**read, warc.name: Read(now, len(report.damages))}
        note(archive, read)
    known = [warc.name for warc in sealed_warcs(archive)]
    ages = [read[name].at for name in known if name in read]
    return Upkeep(
        tuple(recovered),
        captures,
        (before, after),
        files,
        size,
        len(known),
        min(ages, default=None) if len(ages) == len(known) else None,
        tuple(damages),
        left,
    )


def due(
    warcs: Iterable[Path], read: Mapping[str, Read], now: datetime, days: int, most: int | None
) -> list[Path]:
    """Return the files to read now: those that wait longest, up to a day's share of the bytes.

    A file whose time comes within a day is always among them, and so is one that was damaged: it
    may have been brought back.
    """
    never = datetime.min.replace(tzinfo=UTC)
    waiting = sorted(warcs, key=lambda path: (_at(read, path, never), path.name))
    share = sum(path.stat().st_size for path in waiting) / days if most is None else most
    last = now - timedelta(days=days - 1)
    chosen: list[Path] = []
    for path in waiting:
        at = _at(read, path, never)
        again = path.name in read and bool(read[path.name].damages)
        overdue = most is None and never < at <= last
        if share > 0 or overdue or again:
            chosen.append(path)
            share -= path.stat().st_size
    return chosen


def _at(read: Mapping[str, Read], path: Path, never: datetime) -> datetime:
    return read[path.name].at if path.name in read else never


def read_back(archive: Path) -> dict[str, Read]:
    """Return when each file was read last; one that is not known is read soon."""
    try:
        told = json.loads((archive / VERIFIED).read_text())
        return {
            name: Read(datetime.fromisoformat(one["at"]), int(one["damages"]))
            for name, one in told.items()
        }
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return {}


def note(archive: Path, read: Mapping[str, Read]) -> None:
    """Keep when each file was read last, whole or not at all."""
    unfinished = archive / f"{VERIFIED}.new"
    told = {name: {"at": one.at.isoformat(), "damages": one.damages} for name, one in read.items()}
    unfinished.write_text(json.dumps(told, indent=0) + "\n")
    unfinished.replace(archive / VERIFIED)


def _tables(archive: Path, patience: float, left: dict[str, str]) -> tuple[int, int, int]:
    """Land what is not landed, then merge small files; return captures, small files before, after."""
    if lock.is_held(archive):
        left["landing"] = left["merging"] = "another process writes the tables"
        return 0, 0, 0
    captures = Ingest(archive).run().total
    before = after = 0
    try:
        with (
            writer_lock(archive, lambda: None, lambda: True),
            connect(archive, write=True) as connection,
        ):
            before = after = small_files(connection)
            if before >= SMALL:
                if not merge(connection, partial(lock.unread, archive, patience)):
                    left["merging"] = _read(archive)
                after = small_files(connection)
            clean(connection)
    except ArchiveBusy:
        left["merging"] = "another process writes the tables"
    return captures, before, after


def _read(archive: Path) -> str:
    """Say that somebody reads, and how to find out who."""
    who = (
        f"`SELECT * FROM pg_stat_activity WHERE application_name = '{READER}'` in the catalog's "
        "database"
        if lake_of(archive).shared
        else f"`fuser -v {archive / lock.READERS}`"
    )
    return f"somebody reads the tables: {who} shows who; close that, and run this again"


def steps(one: Upkeep) -> Iterator[tuple[str, str]]:
    """Yield what was done, in words."""
    yield "sealed after a crash", f"{len(one.recovered):,} files"
    yield "landed", f"{one.captures:,} captures"
    yield "small files", f"{one.small_files[0]:,} before, {one.small_files[1]:,} now"
    yield "read again", f"{one.files:,} of {one.known:,} WARC files, {one.bytes / 1e6:,.1f} MB"
    oldest = "not every file yet" if one.oldest is None else f"since {one.oldest:%Y-%m-%d}"
    yield "all were read", oldest
    for what, why in one.left.items():
        yield f"{what} left", why
