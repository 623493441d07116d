"""A crawl as a child process: started, followed on a descriptor, stopped in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.cli.common import Exit
from crawler.lock import sign

# It tells twice a second. The worst page known held the loop for 17 s; a laptop's sleep stops this
# clock as well.
SILENCE = 900.0


@dataclass
class CrawlProcess:
    """One portal's crawl; ``figures`` is the last line of ``crawler.progress`` that it wrote.

    The child is the leader of a session of its own: a Ctrl-C on the terminal reaches only the
    parent, which passes it on, so that the two never stop in different orders.
    """

    portal: str
    log: Path
    figures: dict[str, Any] = field(default_factory=dict)
    hung: bool = False
    heard: float = 0.0  # when it last told something, by time.monotonic
    _process: subprocess.Popen[bytes] | None = None
    _reader: threading.Thread | None = None

    def start(self, archive: Path, options: list[str], lock: int | None = None) -> None:
        """Start the crawl; its log lines go to ``log``, and as JSON beside it (``.jsonl``).

        ``lock`` is the descriptor of the portal's lock, which the child then holds as well.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        ours, theirs = os.pipe()
        command = [sys.executable, "-m", "crawler.run", self.portal, "--archive", str(archive)]
        command += ["--story", str(self.log.with_suffix(".jsonl"))]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--progress-fd", str(theirs), *options],
                pass_fds=[theirs] if lock is None else [theirs, lock],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        os.close(theirs)
        if lock is not None:
            sign(lock, [os.getpid(), self._process.pid])
        self.heard = time.monotonic()
        self._reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._reader.start()

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as lines:
            for line in lines:
                self.figures = json.loads(line)
                self.heard = time.monotonic()

    def stop_if_silent(self, now: float) -> None:
        """Kill a crawl that has told nothing for ``SILENCE`` seconds: its loop hangs for good."""
        if self.running and now - self.heard > SILENCE:
            self.stop(now=True)
            self.hung = True

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, *, now: bool = False) -> None:
        """Ask the crawl to finish what is in flight and seal; ``now`` leaves it no time."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGKILL if now else signal.SIGINT)

    def wait(self) -> Exit:
        """Wait for the end and return why it ended.

        One that was killed before its last word was interrupted; another crash counts as PARTLY.
        """
        assert self._process is not None
        assert self._reader is not None
        code = self._process.wait()
        self._reader.join()
        if "code" in self.figures:
            return Exit(self.figures["code"])
        if self.hung:
            return Exit.HUNG
        if code < 0:
            return Exit.INTERRUPTED
        return Exit.SETTING if code == Exit.SETTING else Exit.PARTLY
