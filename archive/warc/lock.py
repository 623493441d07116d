"""Who writes a WARC: the writer holds an flock on it, which the kernel drops when it dies."""

from __future__ import annotations

import fcntl
from pathlib import Path


def hold(fd: int) -> None:
    """Mark the open file as being written by this process."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Tell whether a living writer has the file, or has sealed it just now (it is gone then)."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return True
    with file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
