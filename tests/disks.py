"""File systems that really fill up; to mount one wants root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def mounted(folder: Path, size: str, *umount: str) -> Iterator[Path]:
    """Mount an empty file system of ``size`` (300k, 9m) at ``folder`` for as long as the block lasts.

    ``umount`` are options for its end.
    """
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", *umount, folder], check=True)


def resize(folder: Path, size: str) -> None:
    """Give the file system at ``folder`` another size."""
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
