"""Start each portal's crawl when it is due, and see that it ends: the loop of ``schedule run``.

The supervisor keeps nothing that it could not lose: what is due follows from the portals' files
and the ledger, and who crawls from the locks. So it may be killed at any moment; the next one
goes on, and takes crawls that still run for its own.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from archive.cli.common import Exit
from archive.errors import ArchiveBusy, ArchiveError, DiskFull
from archive.exclusions import Standing
from archive.ledger import Ledger, Run
from crawler import lock
from crawler.entry import rest_of_month
from crawler.portal import Declaration, portal_files, read_named
from crawler.schedule import ADAPTIVE, Due, Timetable, due, next_month, next_start

logger = logging.getLogger(__name__)

NAME: Final = "_supervisor"  # its lock; no portal's id begins so
LOOK: Final = timedelta(seconds=30)  # a file, a hand-started run or a clock may have changed
DOZE: Final = timedelta(hours=1)  # at most so long: a clock that was set may be set right
SETTLE: Final = 600.0  # seconds past a run's budget in which it seals and lands
LONGEST: Final = 7 * 86400.0  # seconds of a run whose file sets no budget
URGE: Final = 60.0  # seconds between asking a run to end, telling it, and killing it
REST: Final = 60.0  # seconds after a crawl that could not even begin
FLOOR: Final = 2_000_000_000  # bytes that must be free on the archive's disk

Asked = Callable[[Declaration], datetime | None]


class Crawls(Protocol):
    """The processes that crawl; the edge of the supervisor."""

    def start(self, portal: str, due: Due, *, due_only: bool) -> None:
        """Start the crawl of a portal as a process of its own; see ``crawl --due``."""

    def busy(self, portal: str) -> bool:
        """Tell whether some process crawls the portal, or is about to."""

    def reap(self) -> Mapping[str, tuple[int, str]]:
        """Return those that ended since: exit code, and what was said on standard error."""

    def stop(self, portal: str, *, kill: bool) -> None:
        """Ask the crawl of a portal to end, or leave it no choice."""


@dataclass
class _Watched:
    """A crawl that this supervisor sees running: since when (its own clock), and how far urged."""

    since: float
    run: Run
    urged: int = 0


@dataclass
class Supervisor:
    """One supervisor of one archive. ``asked`` says when a portal's frontier has something due."""

    archive: Path
    ledger: Ledger
    crawls: Crawls
    asked: Asked
    at_once: int = 2
    floor: int = FLOOR
    waiting: dict[str, Due] = field(default_factory=dict)
    portals: dict[str, Declaration] = field(default_factory=dict)
    _written: dict[Path, float] = field(default_factory=dict)
    _look_at: dict[str, datetime] = field(default_factory=dict)
    _rest: dict[str, float] = field(default_factory=dict)
    _watched: dict[str, _Watched] = field(default_factory=dict)
    _read_at: datetime | None = None
    full: bool = False  # the disk is under its floor
    _stalled: bool = True  # nothing that waits could be started

    def __post_init__(self) -> None:
        self._exclusions = Standing(self.archive)

    def tick(self, now: datetime, elapsed: float) -> None:
        """Do what is to be done at ``now``; ``elapsed`` is a clock that nobody sets (seconds)."""
        self._reap(now, elapsed)
        self._attend(now, elapsed)
        self._read_portals(now)
        self._look(now, elapsed)
        self._start(now)

    @property
    def idle(self) -> bool:
        """Tell whether nothing runs and nothing waits."""
        return not self.waiting and not any(map(self.crawls.busy, self.portals))

    @property
    def at_rest(self) -> bool:
        """Tell whether nothing runs, and nothing that waits may start: its disk is full, say."""
        return self._stalled and not any(map(self.crawls.busy, self.portals))

    def running(self) -> list[str]:
        """Return the portals whose crawls run for their schedule, not for a person."""
        by_hand = {run.portal for run in self.ledger.running() if run.planned is None}
        return [p for p in self.portals if p not in by_hand and self.crawls.busy(p)]

    def stop(self, *, kill: bool = False) -> list[str]:
        """Ask the crawls that run for their schedule to end; return their portals."""
        running = self.running()
        for portal in running:
            self.crawls.stop(portal, kill=kill)
        return running

    def _reap(self, now: datetime, elapsed: float) -> None:
        for portal, (code, said) in self.crawls.reap().items():
            if code == Exit.DISK_FULL:
                self._note_full(portal, now)
            planned = self.waiting.pop(portal, None)
            self._look_at.pop(portal, None)
            covered = self.ledger.covered(portal, now)
            if planned is None or (covered and covered >= planned.planned):
                continue
            # It ended before it was in the ledger. If that was no accident, it is there now.
            self._rest[portal] = elapsed + REST
            logger.warning("%s could not begin (exit code %d): %s", portal, code, said.strip())
            if code in _BEFORE:
                self.ledger.note(portal, now, planned.planned, Exit(code), {"cause": said.strip()})

    def _note_full(self, portal: str, now: datetime) -> None:
        """Note why a crawl ended that had no room to do it itself; if there is none still, it is
        marked as interrupted later, and tried again."""
        for run in self.ledger.runs(portal, most=1):
            if run.exit is None:
                with suppress(DiskFull):
                    self.ledger.end(run.id, Exit.DISK_FULL, now, run.figures)

    def _read_portals(self, now: datetime) -> None:
        if self._read_at is not None and abs(now - self._read_at) < LOOK:
            return
        self._read_at = now
        files = portal_files(self.archive)
        for name in self.portals.keys() - files.keys():
            del self.portals[name]
        for path in self._written.keys() - set(files.values()):
            del self._written[path]  # put back, it is read again
        for name, path in files.items():
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:  # gone a moment ago
                self.portals.pop(name, None)
                self._written.pop(path, None)
                continue
            if self._written.get(path) == written:
                continue
            self._written[path] = written
            try:
                self.portals[name] = read_named(path)
                self._look_at.pop(name, None)
            except ArchiveError as error:  # the schedule that was read before goes on
                logger.error("%s", error)

    def _attend(self, now: datetime, elapsed: float) -> None:
        """See that runs end: mark the dead, urge those that are past their budget."""
        for run in self.ledger.running():
            if not self.crawls.busy(run.portal):
                self._bury(run, now)
            elif run.planned is not None:
                watched = self._watched.get(run.portal)
                if watched is None or watched.run.id != run.id:
                    self._watched[run.portal] = watched = _Watched(elapsed, run)
                self._urge(watched, elapsed)
        for portal, watched in list(self._watched.items()):
            if not self.crawls.busy(portal):
                del self._watched[portal]
                self._look_at.pop(portal, None)
                if watched.urged:
                    self.ledger.judge(watched.run.id, Exit.HUNG)

    def _bury(self, run: Run, now: datetime) -> None:
        try:
            with lock.held(self.archive, run.portal):
                if self.ledger.bury(run.portal, now):
                    logger.warning("%s: run %d was interrupted", run.portal, run.id)
        except ArchiveBusy:
            return  # it has just been started again, and was marked by that
        self._look_at.pop(run.portal, None)

    def _urge(self, watched: _Watched, elapsed: float) -> None:
        portal = self.portals.get(watched.run.portal)
        minutes = portal.max_minutes if portal else None
        limit = LONGEST if minutes is None else minutes * 60 + SETTLE
        if elapsed - watched.since < limit + watched.urged * URGE:
            return
        watched.urged += 1
        logger.warning("%s: run %d does not end: stopping it", watched.run.portal, watched.run.id)
        # Asked, it finishes what is in flight; asked again, it stops at once.
        self.crawls.stop(watched.run.portal, kill=watched.urged > 2)

    def _look(self, now: datetime, elapsed: float) -> None:
        """Find out what is due."""
        for name, portal in self.portals.items():
            look_at = self._look_at.get(name)
            if look_at is not None and now < look_at <= now + DOZE:
                continue
            if self._rest.get(name, 0.0) > elapsed or self.crawls.busy(name):
                continue
            excluded = self._exclusions.now().of_portal(name, now)
            table = None if excluded else portal.timetable()
            found = due_of(table, portal, self.ledger, now, self.asked) if table else None
            if found:
                self.waiting[name] = found
            elif name in self.waiting and self._is_void(name, table, now):
                del self.waiting[name]
            self._look_at[name] = now + self._until_look(portal, table, found, now)

    def _until_look(
        self, portal: Declaration, table: Timetable | None, found: Due | None, now: datetime
    ) -> timedelta:
        """Return how long what was found holds: until the next start, whoever runs meanwhile."""
        if found:
            return DOZE  # it is looked at again before it starts
        if table is None or table.schedule == ADAPTIVE:
            return LOOK
        start = next_start(table, self.ledger.covered(portal.id, now), now)
        wait = DOZE if start is None else min(start - now, DOZE)
        return wait if wait > timedelta(0) else LOOK  # due, but its month's budget is spent

    def _is_void(self, name: str, table: Timetable | None, now: datetime) -> bool:
        """Tell whether what waits need not be done any more."""
        covered = self.ledger.covered(name, now)
        return table is None or (covered is not None and covered >= self.waiting[name].planned)

    def _start(self, now: datetime) -> None:
        """Start what waits, the longest due first, at most so many at once."""
        running = sum(map(self.crawls.busy, self.portals))
        waiting = [p for p in sorted(self.waiting, key=self._age) if self._may_start(p, now)]
        self._stalled = not waiting or not self._has_room()
        if self._stalled:
            return
        for name in waiting[: max(self.at_once - running, 0)]:
            self._launch(name, now)

    def _launch(self, name: str, now: datetime) -> None:
        """Start what waits, for the newest moment that has come meanwhile."""
        portal = self.portals[name]
        table = portal.timetable()
        if table is None or self._is_void(name, table, now):
            del self.waiting[name]
            return
        found = due_of(table, portal, self.ledger, now, self.asked) or self.waiting[name]
        self.waiting[name] = found
        missed = f", {found.missed} missed before it" if found.missed else ""
        logger.info("%s: starting the run of %s%s", name, f"{found.planned:%F %T}", missed)
        self.crawls.start(name, found, due_only=table.schedule == ADAPTIVE)

    def _may_start(self, name: str, now: datetime) -> bool:
        portal = self.portals.get(name)
        table = portal.timetable() if portal else None
        return table is not None and table.lets(now) and not self.crawls.busy(name)

    def _age(self, portal: str) -> tuple[datetime, str]:
        waits = self.waiting[portal]
        return waits.first or waits.planned, portal

    def _has_room(self) -> bool:
        free = shutil.disk_usage(self.archive).free
        if (full := free < self.floor) and not self.full:
            logger.error(
                "%.1f GB free on the disk of %s, under the floor of %.1f GB: no crawl is started",
                free / 1e9,
                self.archive,
                self.floor / 1e9,
            )
        self.full = full
        return not full


# Causes that a crawl finds before it is in the ledger, and that trying again would not change.
_BEFORE = (Exit.PARTLY, Exit.USAGE, Exit.SETTING, Exit.DISK_FULL, Exit.BUDGET, Exit.DAMAGED)


def due_of(
    table: Timetable, portal: Declaration, ledger: Ledger, now: datetime, asked: Asked
) -> Due | None:
    """Return the run of a portal that is due at ``now``: a new one, or one that was broken off.

    None while the month's budget is spent.
    """
    broken = ledger.broken_off(portal.id, now)
    if broken is not None and broken.planned is not None and table.lets(now):
        found: Due | None = Due(broken.planned, broken.missed)
    else:
        when = asked(portal) if table.schedule == ADAPTIVE else None
        found = due(table, ledger.covered(portal.id, now), now, when)
    return None if found and rest_of_month(portal, ledger, now).spent else found


def next_of(portal: Declaration, ledger: Ledger, now: datetime, asked: Asked) -> datetime | None:
    """Return when a portal's next run starts; None if it has no schedule or no more runs."""
    table = portal.timetable()
    if table is None:
        return None
    if due_of(table, portal, ledger, now, asked):
        return now
    when = asked(portal) if table.schedule == ADAPTIVE else None
    if rest_of_month(portal, ledger, now).spent:
        now = next_month(portal.zone, now)
    return next_start(table, ledger.covered(portal.id, now), now, when)
