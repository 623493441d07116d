"""CDXJ: one line a capture, sorted by SURT and time, so that a look-up is a binary search.

Keys and fields are those that cdxj-indexer writes by default, so pywb reads the index as it is.
``<archive>/index.cdxj`` holds every sealed WARC's lines; ``warc/<name>.cdxj`` one WARC's.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import mmap
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surt import surt

from archive.warc.lock import alone

INDEX: Final = "index.cdxj"
_BLOCK: Final = 1_048_576  # bytes copied at a time
_NOT_A_DIGIT: Final = re.compile(r"\D")
_AFTER_MEDIA_TYPE: Final = re.compile(r"[;\s]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index.

    ``timestamp`` is UTC, 14 digits. ``mime`` is ``warc/revisit`` for a revisit, as pywb wants it,
    and "" if the answer named none. ``status`` is "" where the record holds no status line.
    ``offset`` and ``length`` are the record's, in stored bytes.
    """

    key: str
    timestamp: str
    url: str
    mime: str
    status: str
    digest: str
    length: int
    offset: int
    warc: str

    def line(self) -> bytes:
        """Return the line with its end; ``mime`` and ``status`` are left out where empty."""
        fields = {
            "url": self.url,
            "mime": self.mime,
            "status": self.status,
            "digest": self.digest,
            "length": str(self.length),
            "offset": str(self.offset),
            "filename": self.warc,
        }
        told = {name: value for name, value in fields.items() if value}
        return f"{self.key} {self.timestamp} {json.dumps(told)}\n".encode()

    @classmethod
    def parse(cls, line: bytes) -> Entry:
        """Read a line; ``ValueError`` if it is none."""
        key, timestamp, block = line.decode().split(" ", 2)
        told = json.loads(block)
        return cls(
            key=key,
            timestamp=timestamp,
            url=told["url"],
            mime=told.get("mime", ""),
            status=told.get("status", ""),
            digest=told.get("digest", ""),
            length=int(told.get("length", 0)),
            offset=int(told["offset"]),
            warc=told["filename"],
        )


def url_key(url: str) -> str:
    """Return the SURT that captures of ``url`` are sorted under.

    >>> url_key("http://www.Portal.test/News/?b=2&a=1")
    'test,portal)/news?a=1&b=2'
    """
    try:
        return str(surt(url)).replace(" ", "%20")
    except Exception:  # surt raises what its parts raise; cdxj-indexer then takes the URL too
        return url.replace(" ", "%20")


def timestamp(date: str) -> str:
    """Return the 14 digits of a WARC-Date."""
    return _NOT_A_DIGIT.sub("", date)[:14].ljust(14, "0")


def media_type(content_type: str) -> str:
    """Return a Content-Type without parameters, its case kept, as cdxj-indexer does."""
    return _AFTER_MEDIA_TYPE.split(content_type, maxsplit=1)[0].strip()


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write a sorted index file in place of ``path``, whole or not at all."""
    lines = sorted(entry.line() for entry in entries)
    _replace(path, lines)


def merge(archive: Path, added: Path) -> None:
    """Merge a sorted index file into the archive's index; merging it again changes nothing.

    What lies between two new lines is copied as a block, so that a seal does not wait for a
    million lines to be compared.
    """
    index = archive / INDEX
    with alone(archive):
        if not index.is_file() or not index.stat().st_size:
            _replace(index, merged([added]))
            return
        with index.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as old:
            _replace(index, _with(old, merged([added])))


def rebuild(archive: Path) -> None:
    """Make the archive's index anew from the files beside the WARCs."""
    with alone(archive):
        _replace(archive / INDEX, merged(sorted((archive / "warc").glob("*.cdxj"))))


def is_whole(archive: Path) -> bool:
    """Tell whether the archive's index can hold all lines beside its WARCs: by size, none are read."""
    beside = 0
    for path in (archive / "warc").glob("*.cdxj"):
        with contextlib.suppress(FileNotFoundError):
            beside += path.stat().st_size
    index = archive / INDEX
    return index.is_file() and index.stat().st_size >= beside


def _with(old: mmap.mmap, added: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of ``old`` with the lines ``added`` in their places."""
    done = 0
    for line in added:
        at = first_not_below(old, line, done)
        yield from _blocks(old, done, at)
        if old[at : at + len(line)] != line:
            yield line
        done = at
    yield from _blocks(old, done, len(old))


def _blocks(old: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _BLOCK):
        yield old[at : min(at + _BLOCK, end)]


def merged(files: Iterable[Path]) -> Generator[bytes]:
    """Yield the lines of sorted index files in order, each once."""
    with contextlib.ExitStack() as opened:
        last = b""
        for line in heapq.merge(*[opened.enter_context(path.open("rb")) for path in files]):
            if line != last:
                yield line
            last = line


def lookup(archive: Path, url: str) -> list[Entry]:
    """Return the captures of ``url`` in sealed WARCs, oldest first."""
    path = archive / INDEX
    if not path.is_file() or not path.stat().st_size:
        return []
    prefix = f"{url_key(url)} ".encode()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        at = first_not_below(lines, prefix, 0)
        found: list[Entry] = []
        while lines[at : at + len(prefix)] == prefix:
            end = line_end(lines, at)
            found.append(Entry.parse(lines[at:end]))
            at = end
    return found


def first_not_below(lines: mmap.mmap, prefix: bytes, low: int) -> int:
    """Return where the first line starts, from ``low`` on, that does not sort below ``prefix``."""
    high = len(lines)  # low starts a line; the line wanted starts in low … high
    while low < high:
        middle = (low + high) // 2
        start = lines.rfind(b"\n", low, middle) + 1 or low
        end = line_end(lines, start)
        if lines[start : start + len(prefix)] < prefix:
            low = end
        else:
            high = start
    return low


def line_end(lines: mmap.mmap, at: int) -> int:
    """Return where the line that starts at ``at`` ends, its line feed included."""
    return lines.find(b"\n", at) + 1 or len(lines)


def _replace(path: Path, lines: Iterable[bytes]) -> None:
    unfinished = path.with_name(path.name + ".new")
    try:
        with unfinished.open("wb") as file:
            file.writelines(lines)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
