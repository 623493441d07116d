"""The writer's lock of an archive: one ingest at a time, and the next one waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from archive.errors import ArchiveBusy

LOCK = "ingest.lock"
LOOK = 2.0  # seconds between two questions to whoever waits

log = logging.getLogger(__name__)


@contextmanager
def writer_lock(
    folder: Path, on_wait: Callable[[], None], enough: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Hold the writer's lock of the archive in ``folder``; call ``on_wait`` once before waiting.

    The system gives the lock back when its holder dies, however it dies. Whoever waits asks
    ``enough`` every ``LOOK`` seconds and gives up once it says so: raises ``ArchiveBusy``.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another ingest writes to %s: waiting for it", folder)
        on_wait()
        _wait(lock, folder, enough)
    try:
        yield
    finally:
        lock.release()


def is_held(folder: Path) -> bool:
    """Tell whether somebody holds the writer's lock of the archive in ``folder``."""
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


def _wait(lock: FileLock, folder: Path, enough: Callable[[], bool]) -> None:
    while not lock.is_locked:
        if enough():
            raise ArchiveBusy(f"another process writes the tables of {folder}") from None
        try:
            lock.acquire(timeout=LOOK)
        except Timeout:
            continue
