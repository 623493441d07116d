"""The manifest ``fixity.jsonl``: a line for each sealed WARC, each line naming the one before.

A line is appended when a file is sealed and is never changed. ``prev`` is the SHA-256 of the
line before (its bytes without the line end), so a line that was changed, dropped or put in
breaks the chain where it happened.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MANIFEST: Final = "fixity.jsonl"
FIRST: Final = "0" * 64  # what the first line names as the line before


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was true of a WARC when it was sealed. ``sealed`` is UTC, ``sha256`` hexadecimal."""

    file: str
    bytes: int
    sha256: str
    sealed: str
    records: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the manifest is not as it was written. ``line`` counts from 1."""

    line: int
    what: str


def append(
    archive: Path, *, file: str, size: int, sha256: str, records: int, now: datetime
) -> Sealed:
    """Add a line and return when it is on disk. Safe among processes (flock).

    Raises ``OSError`` if there is no room.
    """
    sealed = Sealed(file, size, sha256, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), records)
    with _locked(archive / MANIFEST) as fd:
        written = _whole_lines(fd)
        prev = hashlib.sha256(written[-1]).hexdigest() if written else FIRST
        line = json.dumps({**asdict(sealed), "prev": prev}).encode() + b"\n"
        if os.write(fd, line) < len(line):  # the next append cuts off what was written
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(archive / MANIFEST))
        os.fsync(fd)
    return sealed


def read(archive: Path) -> tuple[dict[str, Sealed], list[Broken]]:
    """Return the manifest by file name, and where its chain is broken.

    Where a file has several lines, the first counts: a later one would excuse a change.
    """
    path = archive / MANIFEST
    raw = path.read_bytes() if path.is_file() else b""
    sealed: dict[str, Sealed] = {}
    broken: list[Broken] = []
    prev = FIRST
    for number, line in enumerate(raw.splitlines(), 1):
        try:
            told = json.loads(line)
            named = told.pop("prev")
            one = Sealed(**told)
        except (ValueError, TypeError, KeyError, AttributeError):
            broken.append(Broken(number, "this is no line of the manifest"))
        else:
            sealed.setdefault(one.file, one)
            if named != prev:
                broken.append(Broken(number, "it does not follow from the line before"))
        prev = hashlib.sha256(line).hexdigest()
    return sealed, broken


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def _whole_lines(fd: int) -> list[bytes]:
    """Return the lines; cut off what a crash left of a line that was never acknowledged."""
    raw = b""
    while part := os.pread(fd, 1_048_576, len(raw)):
        raw += part
    whole, end, torn = raw.rpartition(b"\n")
    if torn:
        os.ftruncate(fd, len(whole) + len(end))
    return whole.splitlines()


def chain(archive: Path) -> str:
    """Return the SHA-256 of the last line: who keeps it elsewhere can prove the whole manifest."""
    path = archive / MANIFEST
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
