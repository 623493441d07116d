"""The daily ``morestories maintain`` of a supervisor: a process of its own, when nothing crawls."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from archive.ledger import Ledger

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(days=1)
LATEST: Final = timedelta(days=2)  # then it no longer waits for a moment without crawls
FIRST: Final = timedelta(hours=1)  # after the start, in an archive that never had any
AGAIN: Final = timedelta(hours=1)  # after one that did not come to its end
END: Final = 10.0  # seconds that it is given to end


@dataclass
class DailyUpkeep:
    """Starts the housekeeping of ``archive`` when it is due; one at a time."""

    archive: Path
    ledger: Ledger
    started: datetime
    child: subprocess.Popen[bytes] | None = None
    _tried: datetime | None = field(default=None, repr=False)

    def tick(self, now: datetime, *, idle: bool) -> None:
        """Start it if it is due; ``idle`` says that no crawl runs or waits."""
        if self.child is not None:
            if (code := self.child.poll()) is None:
                return
            logger.info("housekeeping ended with exit code %d: see docs/operating.md", code)
            self.child = None
        if self.is_due(now, idle=idle):
            self._tried = now
            self._start()

    def is_due(self, now: datetime, *, idle: bool) -> bool:
        """Tell whether it is to begin at ``now``."""
        if self._tried is not None and abs(now - self._tried) < AGAIN:
            return False
        if not (self.archive / "warc").is_dir():
            return False
        last = self.ledger.last_check("maintain")
        if last is None:
            return idle and abs(now - self.started) >= FIRST
        since = abs(now - last.ended)  # a clock that was set back must not silence it
        return since >= (EVERY if idle else LATEST)

    def stop(self) -> None:
        """End it; what it had done stays done."""
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(END)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def _start(self) -> None:
        logger.info("housekeeping begins: morestories maintain")
        self.child = subprocess.Popen(
            [sys.executable, "-m", "crawler.cli", "maintain", "--archive", str(self.archive)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"CI": "true"},  # no live line
            start_new_session=True,
        )
