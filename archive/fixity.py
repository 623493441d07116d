"""The manifest ``fixity.jsonl``: a hash-chained line for each sealed WARC (see ``archive.chain``)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from archive import chain as lines
from archive.chain import Broken

MANIFEST: Final = "fixity.jsonl"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was true of a WARC when it was sealed. ``sealed`` is UTC, ``sha256`` hexadecimal."""

    file: str
    bytes: int
    sha256: str
    sealed: str
    records: int


def append(
    archive: Path, *, file: str, size: int, sha256: str, records: int, now: datetime
) -> Sealed:
    """Add a line and return when it is on disk. Safe among processes (flock).

    Raises ``OSError`` if there is no room.
    """
    sealed = Sealed(file, size, sha256, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), records)
    lines.append(archive / MANIFEST, asdict(sealed))
    return sealed


def read(archive: Path) -> tuple[dict[str, Sealed], list[Broken]]:
    """Return the manifest by file name, and where its chain is broken.

    Where a file has several lines, the first counts: a later one would excuse a change.
    """
    sealed: dict[str, Sealed] = {}
    told, broken = lines.read(archive / MANIFEST)
    for line in told:
        try:
            one = Sealed(**line.told)
        except TypeError:
            broken.append(Broken(line.number, "this is no line of the manifest"))
        else:
            sealed.setdefault(one.file, one)
    return sealed, broken


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chain(archive: Path) -> str:
    """Return the SHA-256 of the last line: who keeps it elsewhere can prove the whole manifest."""
    return lines.tip(archive / MANIFEST)
