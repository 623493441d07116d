"""The name of a worker, by which another on the same machine can tell whether it still lives."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

_PROC = Path("/proc")


def worker_name() -> str:
    """Name this process: machine, process id, the moment it began, and what no other shares.

    Containers may share a host's name and count their processes from 1 alike, and a process id
    comes again: so the machine is named with its boot and its process namespace, and the process
    with its start. Where ``/proc`` is missing (macOS) these are "-".
    """
    pid = os.getpid()
    return f"{machine()}:{pid}:{_began(pid)}:{uuid.uuid4().hex[:8]}"


def machine() -> str:
    """Name what this process shares process ids with: host, boot and process namespace."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = str((_PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        boot = space = "-"
    return f"{socket.gethostname()}:{boot}:{space}"


def is_dead(name: str) -> bool:
    """Tell whether the worker of that name ran here and ended; False where that cannot be known."""
    where, pid, began, _ = name.rsplit(":", 3) if name.count(":") >= 3 else ("", "", "", "")
    if where != machine() or not pid.isdigit():
        return False
    return not _runs(int(pid)) or _began(int(pid)) != began


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _began(pid: int) -> str:
    """Return when a process began, in clock ticks since boot (field 22 of its ``stat``)."""
    try:
        # The second field, the program's name, may hold spaces and parentheses.
        stat = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "-"
    return stat[19]
