"""Who crawls a portal: an flock on ``locks/<portal>.lock`` that the kernel drops with its holders.

The command that runs a crawl takes it and the crawling process inherits it, so it is held until
both are gone, however they went. The file names their process ids, for whoever must stop them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archive.errors import ArchiveBusy

LOCKS: Final = "locks"
_PATIENCE: Final = 1.0  # seconds; one who only looks holds it for a moment


def take(archive: Path, name: str) -> int:
    """Take a portal's lock (or ``supervisor``'s) and return its descriptor; closing it gives it back.

    Raises ``ArchiveBusy`` if another process has it.
    """
    folder = archive / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + _PATIENCE
    while not _try(fd, fcntl.LOCK_EX):
        if time.monotonic() > until:
            pids = ", ".join(map(str, _pids(fd))) or "unknown"
            os.close(fd)
            raise ArchiveBusy(
                f"another process has {name!r} of {archive} in hand (process id {pids}): "
                "wait for it, or stop it with Ctrl-C where it runs"
            )
        time.sleep(0.02)
    sign(fd, [os.getpid()])
    return fd


@contextmanager
def held(archive: Path, name: str) -> Iterator[None]:
    """Hold a lock meanwhile. Raises ``ArchiveBusy``."""
    fd = take(archive, name)
    try:
        yield
    finally:
        os.close(fd)


def sign(fd: int, pids: Iterable[int]) -> None:
    """Write into a lock that is held who holds it."""
    os.ftruncate(fd, 0)
    os.pwrite(fd, " ".join(map(str, pids)).encode(), 0)


def holders(archive: Path, name: str) -> tuple[int, ...] | None:
    """Return the process ids of whoever holds a lock, None if nobody does."""
    try:
        fd = os.open(archive / LOCKS / f"{name}.lock", os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _try(fd, fcntl.LOCK_SH) else _pids(fd)
    finally:
        os.close(fd)


def _try(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pids(fd: int) -> tuple[int, ...]:
    return tuple(int(pid) for pid in os.pread(fd, 200, 0).split() if pid.isdigit())
