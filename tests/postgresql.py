"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a local socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server and yield the folder of its socket; it is stopped and removed afterwards.

    Needs Debian's ``postgresql`` package, and root, since the server refuses to run as root and
    is started as its own user.
    """
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    folder = Path(tempfile.mkdtemp(prefix="morestories-pg-"))
    try:
        shutil.chown(folder, "postgres", "postgres")
        _run(programs / "initdb", "-D", folder / "data", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        _run(
            *(programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w"),
            *("-o", options, "start"),
        )
        try:
            yield str(folder)
        finally:
            _run(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.getuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=120)
