"""Who writes a WARC: the writer holds an flock on it, which the kernel drops when it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_BEGINNING: Final = 10  # seconds; far more than a writer needs to lock what it has created


def hold(fd: int) -> None:
    """Mark the open file as being written by this process."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block for the folder."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def is_held(path: Path) -> bool:
    """Tell whether a living writer has the file.

    So it may have if the file is empty and new, for it is created first and locked then; and so
    it had if the file is gone, for it has been sealed just now.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return True
    with file:
        stat = os.fstat(file.fileno())
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        new = not stat.st_size and time.time() - stat.st_mtime < _BEGINNING
        return new and path.suffix == ".open"
