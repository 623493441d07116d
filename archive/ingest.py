"""WARC files → rows. Live crawl, import, recovery and rebuild all take this one road."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb

from archive.capture import Capture
from archive.errors import ArchiveBusy, ArchiveError, BadSetting, DamagedRecord, NeedsPages
from archive.landed import Rows, rows_of
from archive.landing import Batch, Landing
from archive.pages import Page, Pages
from archive.reading import Reading, read
from archive.rows import Row, capture_row, damage_row, warc_row
from archive.search.index import SearchIndex
from archive.second_look import look_again
from archive.store.connection import connect
from archive.store.copies import update_copies
from archive.store.faults import fault
from archive.store.lock import unread, writer_lock
from archive.store.maintenance import TINY, clean, merge
from archive.warc.reader import read_captures
from archive.warc.recover import recover

log = logging.getLogger(__name__)
T = TypeVar("T")

OPEN = ".open"
BATCH = 2_000  # captures a transaction: the fixed 0.1 s of one is then small
FRESH = 1.0  # seconds after which a smaller batch is landed while a crawl runs, so that rows appear
LATER = 30.0  # the same in a crawl that has gone on for half an hour: fewer files
BULK = 5.0  # the same where nobody waits: fewer and larger files
COMPARED = 30.0  # seconds after which what has been landed is looked through for copies
MERGED = 30.0  # seconds after which tiny files are merged, unless somebody reads
MANY = 20  # tiny files of a table that are worth a merge
# Times as long as the last look, or the last merge, took: it grows with the archive, its share must
# not.
SELDOM = 20
SEARCHABLE = 5.0  # seconds after which what has been landed can be searched, too
# Pages under way at once; bounds memory to that many payloads. Enough that readers have some left
# while a batch is landed.
WINDOW = 128
PAUSE = 0.3  # seconds between two looks at files that may have grown


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingest landed.

    ``captures`` are counted by HTTP status ("-" for none; a revisit counts under its own),
    ``links`` by kind, ``outcomes`` by reason. ``new``, ``changed`` and ``unchanged`` count stories
    (``unchanged``: seen again, the same). ``bytes`` are bytes of WARC read.
    """

    captures: Mapping[str, int] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    links: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    warcs: int = 0

    @property
    def total(self) -> int:
        """All captures."""
        return sum(self.captures.values())


@dataclass(frozen=True, slots=True)
class Event:
    """Something to show: ``waiting`` for another writer, ``rebuilding`` old tables, a batch ``landed``."""

    kind: str
    report: Report = field(default_factory=Report)
    warc: str = ""


class _Tally:
    """Counts that grow."""

    def __init__(self) -> None:
        self.captures: Counter[str] = Counter()
        self.links: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.new = self.changed = self.unchanged = self.bytes = 0
        self.warcs: set[str] = set()

    def report(self) -> Report:
        return Report(
            dict(self.captures),
            self.new,
            self.changed,
            self.unchanged,
            dict(self.links),
            dict(self.outcomes),
            self.bytes,
            len(self.warcs),
        )


@dataclass(frozen=True, slots=True)
class _Pending:
    """A capture on its way, in the order of the file; ``damage`` where there is none."""

    warc: str
    end: int
    said: Rows | Page | None = None
    damage: Row | None = None

    @property
    def ready(self) -> bool:
        return not isinstance(self.said, Page) or self.said.rows is not None

    @property
    def rows(self) -> Rows | None:
        return self.said.rows if isinstance(self.said, Page) else self.said


class Ingest:
    """Lands WARC files as rows. One at a time for an archive: a second one waits for the lock."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int | None = None,
        on_event: Callable[[Event], None] | None = None,
        tables: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._tables = (
            tables or folder
        ).resolve()  # where catalog and lake are; elsewhere in a rebuild
        self._workers = workers
        self._on_event = on_event or (lambda _: None)

    def run(self, warcs: Sequence[Path] | None = None) -> Report:
        """Land what is not landed yet of the archive's WARC files, or of ``warcs``.

        ``warcs`` that lie elsewhere are copied into the archive first (see :func:`bring_in`), and
        stand in its manifest and index like its own. What a crashed writer left is sealed.
        Raises ``BadSetting`` if one is missing, ``StoreError`` if the tables cannot be written.
        """
        (self.folder / "warc").mkdir(parents=True, exist_ok=True)
        with self._running(BULK) as run:
            files = None if warcs is None else self._brought(warcs)
            recover(self.folder)  # seals what a crash left; lists what was brought in
            if files is None:
                files = self.files()
            for path in files:
                run.read(path)
            run.land_all()
            run.close()
        return run.tally.report()

    def follow(self, stop: threading.Event) -> Report:
        """Land the archive's WARC files as they grow, until ``stop`` is set and all is landed.

        Where another process lands them, this one takes over when it ends; if all is landed
        before, the report is empty.
        """
        (self.folder / "warc").mkdir(parents=True, exist_ok=True)
        try:
            with self._running(FRESH, self._landed_by_another(stop)) as run:
                self._follow(run, stop)
        except ArchiveBusy:
            return Report()
        return run.tally.report()

    def _follow(self, run: _Run, stop: threading.Event) -> None:
        while True:
            last = stop.is_set()  # before looking: what was written until then is there now
            for path in self.files():
                run.read(path)
            if last:
                run.land_all()
                run.close()
                break
            run.land_if_due()
            stop.wait(PAUSE)

    def _landed_by_another(self, stop: threading.Event) -> Callable[[], bool]:
        """Return what tells whether all that was there when ``stop`` was set is in the tables."""
        wanted: dict[str, int] = {}

        def landed() -> bool:
            if not stop.is_set():
                return False
            wanted.update({} if wanted else self._sizes())
            try:
                done = landed_up_to(self._tables)
            except ArchiveError:  # whoever makes the tables is not done with it
                return False
            return all(done.get(warc, 0) >= size for warc, size in wanted.items())

        return landed

    def _sizes(self) -> dict[str, int]:
        found = {}
        for path in self.files():
            with suppress(FileNotFoundError):  # sealed and renamed a moment ago
                found[warc_name(path)] = path.stat().st_size
        return found

    def files(self) -> list[Path]:
        """Return the archive's WARC files, sealed and growing, in the order of their names."""
        folder = self.folder / "warc"
        found = [p for p in folder.iterdir() if p.is_file() and is_warc(p)]
        return sorted(found, key=lambda p: warc_name(p))

    def _lock(self, enough: Callable[[], bool]) -> AbstractContextManager[None]:
        return writer_lock(self._tables, lambda: self._on_event(Event("waiting")), enough)

    def _brought(self, warcs: Sequence[Path]) -> list[Path]:
        missing = [str(path) for path in warcs if not path.is_file()]
        if missing:
            raise BadSetting(f"no such WARC file: {', '.join(missing)}")
        return [bring_in(path, self.folder / "warc") for path in warcs]

    @contextmanager
    def _running(self, age: float, enough: Callable[[], bool] = lambda: False) -> Iterator[_Run]:
        with self._lock(enough), self._connect() as connection:
            try:
                with (
                    Pages(self._workers) as pages,
                    closing(SearchIndex(self._tables)) as search,
                    ThreadPoolExecutor(1) as beside,
                ):
                    alone = partial(unread, self._tables, 0.0)
                    yield _Run(
                        connection, pages, search, self._on_event, age, self.folder, beside, alone
                    )
                    if self._tables == self.folder:  # a rebuild knows not whose other files are
                        clean(connection)
            except duckdb.Error as error:
                raise fault(self._tables, error) from error

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """Open the tables; where they are too old for that, make them again from the WARC files."""
        try:
            return connect(self._tables, write=True)
        except NeedsPages as need:
            from archive.rebuild import remake  # it stands on this module

            log.info("%s", need)
            self._on_event(Event("rebuilding"))
            remake(self._tables, workers=self._workers, on_event=self._on_event)
            return connect(self._tables, write=True)


class _Run:
    """One run: what is pending, and the batch that is being put together."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        pages: Pages,
        search: SearchIndex,
        on_event: Callable[[Event], None],
        age: float,
        folder: Path,
        beside: Executor,
        unread: Callable[[], AbstractContextManager[bool]],
    ) -> None:
        self._age = age
        self._beside = beside
        self._unread = unread
        self._folder = folder
        self._started = time.monotonic()
        self.tally = _Tally()
        self._connection = connection
        self._landing = Landing(connection)
        self._search = search
        self._searchable = self._compared = self._merged = time.monotonic()
        self._comparing = self._merging = 0.0  # seconds that the last look, the last merge took
        self._pages = pages
        self._on_event = on_event
        self._progress = self._landing.progress()
        self._last = self._landing.last_offsets()
        self._known = set(self._progress)
        self._pending: deque[_Pending] = deque()
        self._begin_batch()

    def _begin_batch(self) -> None:
        self._items: list[Rows] = []
        self._files: list[Row] = []
        self._damages: list[Row] = []
        self._done: dict[str, int] = {}
        self._since = time.monotonic()

    def read(self, path: Path) -> None:
        """Read ``path`` from where the last landing ended to its present end."""
        warc = warc_name(path)
        start = self._progress.get(warc, 0)
        try:
            size = path.stat().st_size
        except FileNotFoundError:  # sealed and renamed a moment ago: the next look finds it
            return
        if size <= start:
            return
        growing = path.name.endswith(OPEN)
        last = self._last.get(warc, -1)
        damages: list[Row] = []

        def on_damage(error: DamagedRecord) -> None:
            damages.append(damage_row(warc, error.offset, error.what))

        end = start
        try:
            for capture in read_captures(path, start=start, on_damage=on_damage):
                if capture.offset <= last:
                    continue
                if capture.length:  # one of many in a gzip member has no end of its own
                    end = capture.offset + capture.length
                self._take(warc, capture, end)
                self._last[warc] = capture.offset
        except FileNotFoundError:
            return
        if growing:  # damage past the last whole capture may be a record that is being written
            damages = [damage for damage in damages if damage["warc_offset"] < end]
        self._close(warc, end if growing else size, damages)

    def _take(self, warc: str, capture: Capture, end: int) -> None:
        if warc not in self._known:
            self._known.add(warc)
            self._files.append(warc_row(warc, capture))
        self._pending.append(_Pending(warc, end, self._read(capture_row(capture, warc), capture)))
        self._drain(WINDOW)

    def _close(self, warc: str, end: int, damages: Sequence[Row]) -> None:
        """Note up to where a file has been read, and what of that could not be."""
        if end == self._progress.get(warc, 0):
            return
        self._progress[warc] = end
        if warc not in self._known:
            self._known.add(warc)
            self._files.append(warc_row(warc, None))
        for damage in damages:
            log.warning("%s at byte %d: %s", warc, damage["warc_offset"], damage["detail"])
            self._pending.append(_Pending(warc, end, damage=damage))
        self._pending.append(_Pending(warc, end))

    def _read(self, captured: Row, capture: Capture) -> Rows | Page:
        found = read(capture)
        if isinstance(found, Reading):
            return rows_of(captured, found)
        return self._pages.submit(captured, capture, found)

    def _drain(self, keep: int) -> None:
        """Move what is read into the batch, waiting until at most ``keep`` are under way."""
        self._pages.collect(0.0)
        while self._pending:
            if not self._pending[0].ready:
                if len(self._pending) <= keep:
                    return
                self._pages.collect(1.0)
                continue
            one = self._pending.popleft()
            if one.damage:
                self._damages.append(one.damage)
            if one.rows is not None:
                self._items.append(one.rows)
            self._done[one.warc] = one.end
            if len(self._items) >= BATCH or time.monotonic() - self._since > self._patience():
                self._land()

    def _patience(self) -> float:
        """Return how many seconds a batch may grow: longer, the longer the run has gone on."""
        return max(self._age, min(LATER, (time.monotonic() - self._started) / 60))

    def land_all(self) -> None:
        """Wait for what is under way, and land it."""
        self._drain(0)
        self._land()

    def land_if_due(self) -> None:
        """Land what has been read, if the oldest of it has waited long enough."""
        self._drain(WINDOW)
        if time.monotonic() - self._since > self._patience():
            self._land()

    def _land(self) -> None:
        if self._done:
            batch = Batch(self._items, self._files, self._damages, self._done)
            rows, change = self._meanwhile(lambda: self._landing.land(batch))
            tally = self.tally
            tally.captures += rows.count("captures", "status")
            tally.links += rows.count("links", "kind")
            tally.outcomes += rows.count("outcomes", "reason")
            tally.bytes += sum(row["warc_length"] for row in rows.tables.get("captures", []))
            tally.new += len(change.new)
            tally.changed += len(change.changed)
            tally.unchanged += change.seen - len(change.new) - len(change.changed)
            tally.warcs |= set(self._done)
            self._on_event(Event("landed", tally.report(), next(reversed(self._done))))
        self._begin_batch()
        if time.monotonic() - self._searchable > SEARCHABLE:
            self.make_searchable()
        if time.monotonic() - self._compared > max(COMPARED, SELDOM * self._comparing):
            self.compare()
        if time.monotonic() - self._merged > max(MERGED, SELDOM * self._merging):
            self.merge()

    def _meanwhile(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, done in a thread, while this one keeps readers at work."""
        done = self._beside.submit(work)
        while not done.done():
            if self._pages.under_way:
                self._pages.collect(0.05)
            else:
                wait([done])
        return done.result()

    def close(self) -> None:
        """Leave the tables ready for whoever asks."""
        look_again(self._connection, self._landing, self._pages, self._folder)
        self.make_searchable()
        self.compare()
        self.merge()

    def compare(self) -> None:
        """Bring the tables of copies up to what has been landed."""
        began = time.monotonic()
        self._meanwhile(lambda: update_copies(self._connection))
        self._compared = time.monotonic()
        self._comparing = self._compared - began

    def merge(self) -> None:
        """Merge tiny files where there are many; where somebody reads, leave them to later.

        A fault ends no ingest: nothing is lost by small files.
        """
        began = time.monotonic()
        try:
            self._meanwhile(lambda: merge(self._connection, self._unread, TINY, MANY))
        except (duckdb.Error, ArchiveError, OSError) as error:
            log.warning("small files are left as they are: %s", error)
        self._merged = time.monotonic()
        self._merging = self._merged - began

    def make_searchable(self) -> None:
        """Bring the search index up to what has been landed."""
        self._meanwhile(lambda: self._search.update(self._connection))
        self._searchable = time.monotonic()


def landed_up_to(folder: Path) -> dict[str, int]:
    """Return, for each WARC file in the archive's tables, the byte up to which it is landed."""
    with connect(folder, whole=True) as connection:
        return dict(connection.execute("SELECT warc, next_offset FROM warcs").fetchall())


def is_warc(path: Path) -> bool:
    """Tell whether a file name is that of a WARC, sealed or growing."""
    return warc_name(path).endswith((".warc", ".warc.gz"))


def warc_name(path: Path) -> str:
    """Return the name under which rows know a WARC file: without ``.open``."""
    return path.name.removesuffix(OPEN)


def bring_in(path: Path, folder: Path) -> Path:
    """Copy somebody's WARC into the archive's ``folder`` and return it there; lose nothing.

    A file that is there already, under any name, is left as it is. Where another file has the
    name, the copy gets part of its digest into its own. A copy, not a link: the archive must not
    change when the owner's file does.
    """
    path = path.resolve()
    if path.parent == folder.resolve():
        return path
    digest, size = _sha256(path), path.stat().st_size
    for kept in folder.iterdir():
        if is_warc(kept) and kept.stat().st_size == size and _sha256(kept) == digest:
            return kept
    name = warc_name(path)
    if not is_warc(path):
        raise BadSetting(f"{path} is not named like a WARC file (.warc or .warc.gz)")
    if (folder / name).exists() or (folder / (name + OPEN)).exists():
        stem, dot, rest = name.partition(".warc")
        name = f"{stem}-{digest[:12]}{dot}{rest}"
    unfinished = folder / (name + ".part")
    shutil.copyfile(path, unfinished)
    with unfinished.open("rb") as copy:
        os.fsync(copy.fileno())
    unfinished.rename(folder / name)
    return folder / name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
