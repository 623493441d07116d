"""The crawls that a supervisor starts: each a ``morestories crawl`` of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from crawler import lock
from crawler.schedule import Due

_MOST_SAID = 2_000  # bytes of standard error that are worth a place in the ledger


@dataclass
class ChildCrawls:
    """Crawls as child processes, and those that an earlier supervisor left running.

    Each child leads a session of its own: it outlives the supervisor, and a Ctrl-C on the
    terminal reaches only the supervisor.
    """

    archive: Path
    _children: dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]] = field(default_factory=dict)

    def start(self, portal: str, due: Due, *, due_only: bool) -> None:
        """Start the crawl of a portal for the moment it stands for."""
        command = [sys.executable, "-m", "crawler.cli", "crawl", portal, "--json"]
        command += ["--archive", str(self.archive), "--missed", str(due.missed)]
        command += ["--planned", due.planned.isoformat()]
        command += ["--due"] if due_only else []
        said = tempfile.TemporaryFile()  # noqa: SIM115 - read when the child has ended
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=os.environ | {"CI": "true"},  # no live line
            start_new_session=True,
        )
        self._children[portal] = child, said

    def busy(self, portal: str) -> bool:
        """Tell whether a child lives, or some other process holds the portal's lock."""
        return portal in self._children or lock.holders(self.archive, portal) is not None

    def reap(self) -> dict[str, tuple[int, str]]:
        """Return exit code and last words of each child that ended."""
        ended = {}
        for portal, (child, said) in list(self._children.items()):
            if (code := child.poll()) is not None:
                del self._children[portal]
                with said:
                    said.seek(max(said.seek(0, os.SEEK_END) - _MOST_SAID, 0))
                    ended[portal] = code, said.read().decode("utf-8", "replace")
        return ended

    def stop(self, portal: str, *, kill: bool) -> None:
        """Send SIGTERM to the command, which ends in order; or SIGKILL to it and its crawl."""
        pids = list(lock.holders(self.archive, portal) or ())
        child = self._children.get(portal)
        if child is not None and child[0].pid not in pids:
            pids.insert(0, child[0].pid)
        for pid in pids if kill else pids[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
