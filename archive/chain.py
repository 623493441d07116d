"""A file of JSON lines, each naming the one before: what was written once can be proved later.

A line is appended and never changed. ``prev`` is the SHA-256 of the line before (its bytes
without the line end), so a line that was changed, dropped or put in breaks the chain where it
happened.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FIRST: Final = "0" * 64  # what the first line names as the line before

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file. ``number`` counts from 1; ``told`` is what it says, without ``prev``."""

    number: int
    told: Told
    sha256: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the file is not as it was written. ``line`` counts from 1."""

    line: int
    what: str


def append(path: Path, told: Told | Callable[[list[Line], list[Broken]], Told]) -> Line:
    """Add a line and return when it is on disk. Safe among processes (flock).

    Where what the line says depends on those before, ``told`` is a function of them, called while
    nobody else can write. Raises ``OSError`` if there is no room; the file is then as before.
    """
    with _locked(path) as fd:
        lines = _whole_lines(fd)
        if callable(told):
            told = told(*_parsed(lines))
        prev = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
        line = json.dumps({**told, "prev": prev}).encode()
        size = os.fstat(fd).st_size
        if os.write(fd, line + b"\n") <= len(line):
            os.ftruncate(fd, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(fd)
    return Line(len(lines) + 1, told, hashlib.sha256(line).hexdigest())


def read(path: Path) -> tuple[list[Line], list[Broken]]:
    """Return the lines that can be read, and where the chain is broken; nothing of no file."""
    return _parsed(_bytes(path).splitlines())


def tip(path: Path) -> str:
    """Return the SHA-256 of the last line: who keeps it elsewhere can prove the whole file."""
    lines = _bytes(path).splitlines()
    return hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST


def _parsed(raw: list[bytes]) -> tuple[list[Line], list[Broken]]:
    lines: list[Line] = []
    broken: list[Broken] = []
    prev = FIRST
    for number, line in enumerate(raw, 1):
        own = hashlib.sha256(line).hexdigest()
        try:
            told = json.loads(line)
            named = told.pop("prev")
        except (ValueError, TypeError, KeyError, AttributeError):
            broken.append(Broken(number, "this is no line of the file"))
        else:
            lines.append(Line(number, told, own))
            if named != prev:
                broken.append(Broken(number, "it does not follow from the line before"))
        prev = own
    return lines, broken


def _bytes(path: Path) -> bytes:
    """Return the file as it is when nobody writes to it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return file.read()
    except FileNotFoundError:
        return b""


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
