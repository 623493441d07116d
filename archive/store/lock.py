"""Who writes the tables of an archive, one at a time, and who reads them, which a merge waits for."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from archive.errors import ArchiveBusy
from archive.store import postgres
from archive.store.lake import lake_of

LOCK = "ingest.lock"
READERS = "readers.lock"
LOOK = 2.0  # seconds between two questions to whoever waits

log = logging.getLogger(__name__)


@contextmanager
def writer_lock(
    folder: Path, on_wait: Callable[[], None], enough: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Hold the writer's lock of the archive in ``folder``; call ``on_wait`` once before waiting.

    The system, or the database of a shared lake, gives the lock back when its holder dies, however
    it dies. Whoever waits asks ``enough`` every ``LOOK`` seconds and gives up once it says so:
    raises ``ArchiveBusy``. Raises ``StoreError`` where the database cannot be reached.
    """
    with _lock_of(folder) as take:
        if not take(0):
            log.info("another ingest writes to %s: waiting for it", folder)
            on_wait()
            while not take(LOOK):
                if enough():
                    raise ArchiveBusy(f"another process writes the tables of {folder}")
        yield


@contextmanager
def _lock_of(folder: Path) -> Iterator[Callable[[float], bool]]:
    """Yield what tries to take the lock for some seconds and tells whether it has it; give it back."""
    lake = lake_of(folder)
    if lake.shared:
        with postgres.connected(lake) as connection:
            yield lambda seconds: _after(seconds, lambda: postgres.lock(connection, lake))
        return
    lock = FileLock(folder / LOCK)

    def take(seconds: float) -> bool:
        try:
            lock.acquire(timeout=seconds)
        except Timeout:
            return False
        with suppress(OSError):
            os.close(_opened(folder, os.O_RDONLY))  # for readers who may not make it
        return True

    try:
        yield take
    finally:
        lock.release()


def reading(folder: Path) -> Callable[[], object]:
    """Say that a connection reads the tables; return what ends that. Waits while files are merged."""
    lake = lake_of(folder)
    if lake.shared:
        return postgres.reading(lake).close
    try:
        fd = _opened(folder, os.O_RDONLY)
    except OSError:  # nobody ever wrote here, and this one may not
        return lambda: None
    fcntl.flock(fd, fcntl.LOCK_SH)
    return partial(os.close, fd)


@contextmanager
def unread(folder: Path, patience: float) -> Iterator[bool]:
    """Tell whether nobody reads the tables, for as long as the block lasts; new readers wait.

    Waits up to ``patience`` seconds for those that do, on all machines of a shared lake.
    """
    lake = lake_of(folder)
    with postgres.readers(lake) if lake.shared else _readers(folder) as alone:
        until = time.monotonic() + patience
        while not (taken := alone()) and time.monotonic() < until:
            time.sleep(0.2)
        yield taken


@contextmanager
def _readers(folder: Path) -> Iterator[Callable[[], bool]]:
    """Do for the archive's own folder what :func:`postgres.readers` does for a shared lake."""
    fd = _opened(folder, os.O_RDWR)  # NFS gives nobody else a lock of his own

    def alone() -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield alone
    finally:
        os.close(fd)


def _opened(folder: Path, how: int) -> int:
    return os.open(folder / READERS, how | os.O_CREAT, 0o666)


def _after(seconds: float, take: Callable[[], bool]) -> bool:
    """Try to take a lock once ``seconds`` have passed."""
    time.sleep(seconds)
    return take()


def is_held(folder: Path) -> bool:
    """Tell whether somebody holds the writer's lock of the archive in ``folder``."""
    lake = lake_of(folder)
    if lake.shared:
        return postgres.is_locked(lake)
    if not (folder / LOCK).exists():
        return False
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that may only be read has no writer
        return False
    lock.release()
    return False
