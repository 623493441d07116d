"""Captures that no index lists yet: those of the WARCs that are being written right now."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import Final

from archive.errors import DamagedRecord
from archive.warc.record import read_records
from archive.warc.seal import OPEN, cdxj_of, entries_of

_FRESH: Final = 0.5  # seconds between two looks at the folder


@dataclass(slots=True)
class _Tail:
    """How far one file has been read, and the sorted index lines of what was read."""

    next: int = 0
    lines: list[bytes] = field(default_factory=list)


class Unsealed:
    """The index lines of WARCs whose ``.cdxj`` is not there yet, read as they grow.

    Where ``<name>.cdxj`` is, its lines are in the archive's index: a file is forgotten only then,
    so that no capture is out of sight while its WARC is being sealed. Any thread may ask.
    """

    def __init__(self, archive: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = archive / "warc"
        self._clock = clock
        self._looked = float("-inf")
        self._tails: dict[str, _Tail] = {}
        self._lock = threading.Lock()

    def between(self, first: bytes, stop: bytes) -> list[bytes]:
        """Return the lines that sort from ``first`` up to ``stop``, in order."""
        with self._lock:
            if self._clock() - self._looked >= _FRESH:
                self._look()
                self._looked = self._clock()
            parts = [_part(tail.lines, first, stop) for tail in self._tails.values()]
        return list(merge(*parts))

    def _look(self) -> None:
        found = dict(self._without_index())
        self._tails = {name: tail for name, tail in self._tails.items() if name in found}
        for name, path in found.items():
            _read_on(path, self._tails.setdefault(name, _Tail()))

    def _without_index(self) -> Iterator[tuple[str, Path]]:
        """Yield the name (without ``.open``) and path of each WARC that has no index beside it."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            name = path.name.removesuffix(OPEN)
            is_warc = name.endswith((".warc.gz", ".warc"))
            if is_warc and not cdxj_of(path.with_name(name)).is_file():
                yield name, path


def _read_on(path: Path, tail: _Tail) -> None:
    """Read the records that were added since, past damage; a file just sealed waits for its index."""
    added: list[bytes] = []

    def skip(_: DamagedRecord) -> None:
        """What is damaged has no line: `morestories verify` tells of it."""

    try:
        if path.stat().st_size > tail.next:
            for record in read_records(path, start=tail.next, on_damage=skip):
                tail.next = max(tail.next, record.offset + record.length)
                added += [entry.line() for entry in entries_of(record)]
    except FileNotFoundError:
        return
    if added:
        tail.lines = sorted({*tail.lines, *added})


def _part(lines: list[bytes], first: bytes, stop: bytes) -> list[bytes]:
    return lines[bisect_left(lines, first) : bisect_left(lines, stop)]
