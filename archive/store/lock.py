"""The writer's lock of an archive: one ingest at a time, and the next one waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = "ingest.lock"

log = logging.getLogger(__name__)


@contextmanager
def writer_lock(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the writer's lock of the archive in ``folder``; call ``on_wait`` once before waiting.

    The system gives the lock back when its holder dies, however it dies.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another ingest writes to %s: waiting for it", folder)
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
