"""Check an archive's WARCs against their own digests, the manifest and the index."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from archive import cdxj, exclusions, fixity
from archive.cdxj import Entry
from archive.errors import DamagedRecord
from archive.fixity import Sealed
from archive.warc import lock
from archive.warc.message import parse_head, payload_parts, split_head
from archive.warc.record import Record, read_records
from archive.warc.recover import sealed_warcs
from archive.warc.seal import OPEN, cdxj_of, entries_of

Progress = Callable[[int], None]
"""Told how many bytes of WARC were read since the last call."""

_MOST_HEAD: Final = 1_048_576
_ALGORITHMS: Final = frozenset({"md5", "sha1", "sha256", "sha384", "sha512", "blake2b"})
_COPY: Final = "bring the file back from another copy"
_RECOVER: Final = "run `morestories recover`"


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it should be, and what can be done. ``offset`` counts stored bytes."""

    file: str
    offset: int | None
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Report:
    """``unfinished`` are the files that a crawl is writing now: read, but not in the manifest.

    ``unchecked`` counts digests that are missing or of an algorithm that is not known here, and
    revisits that do not name their original.
    ``chain`` is the SHA-256 of the manifest's last line: kept elsewhere, it proves the manifest.
    """

    files: int
    records: int
    bytes: int
    digests: int
    unchecked: int
    revisits: int
    unfinished: tuple[str, ...]
    chain: str
    deep: bool
    damages: tuple[Damage, ...]


class _Check:
    """The counts and findings of one run."""

    def __init__(self) -> None:
        self.damages: list[Damage] = []
        self.records = self.bytes = self.digests = self.unchecked = self.revisits = 0
        self._captures: set[bytes] = set()
        self._unresolved: list[tuple[str, int, bytes, str]] = []

    def add(self, file: str, offset: int | None, what: str, remedy: str) -> None:
        self.damages.append(Damage(file, offset, what, remedy))

    def record(self, record: Record) -> None:
        """Check one record's fields, digests and, for a revisit, its original."""
        self.records += 1
        for name in ("warc-record-id", "warc-date", "warc-type"):
            if not record.get(name):
                self.add(record.warc, record.offset, f"the record has no {name}", _COPY)
        self._digest(record, "warc-block-digest", "block", [record.parts()])
        kind = record.record_type
        if kind == "revisit":
            self._revisit(record)
        elif kind in ("response", "resource"):
            self._captures.add(_target(record, "warc-target-uri", "warc-date"))
            self._digest(record, "warc-payload-digest", "payload", _payloads(record))

    def _digest(self, record: Record, name: str, what: str, ways: list[Iterator[bytes]]) -> None:
        """Compare one digest field with the bytes; any of ``ways`` to take them may fit."""
        named, _, value = record.get(name).partition(":")
        algorithm = named.lower().replace("-", "")
        if algorithm not in _ALGORITHMS:
            self.unchecked += 1
            return
        self.digests += 1
        if not any(_fits(value, _hash(algorithm, parts)) for parts in ways):
            self.add(record.warc, record.offset, f"the {what} digest does not fit", _COPY)

    def _revisit(self, record: Record) -> None:
        self.revisits += 1
        url = record.get("warc-refers-to-target-uri")
        if not url:  # WARC 1.0 leaves it to the reader to find the digest somewhere
            self.unchecked += 1
            return
        target = _target(record, "warc-refers-to-target-uri", "warc-refers-to-date")
        if target not in self._captures:
            self._unresolved.append((record.warc, record.offset, target, url))

    def close(self, elsewhere: Callable[[str], Iterable[bytes]] = lambda _: ()) -> None:
        """Name the revisits whose original was in none of the files, nor ``elsewhere``."""
        for warc, offset, target, url in self._unresolved:
            if target not in self._captures and target not in set(elsewhere(url)):
                what = f"the revisit's original is not in this archive: {url}"
                self.add(warc, offset, what, "bring back the WARC that held it")


def verify(archive: Path, *, deep: bool = False, progress: Progress = lambda _: None) -> Report:
    """Read every record of every WARC, and compare files with the manifest.

    Checked are gzip members, block and payload digests, revisits' originals, each sealed file's
    size and SHA-256, and the manifest's chain. ``deep`` also compares every line of the index
    with the record that it names.
    """
    check = _Check()
    listed, _ = fixity.read(archive)
    warcs = sealed_warcs(archive)
    for warc in warcs:
        _check_file(warc, listed.get(warc.name), check, deep=deep, progress=progress)
    _check_manifest(archive, check, {warc.name for warc in warcs})
    unfinished = _check_open(archive, check, progress)
    if deep:
        _check_index(archive, check)
    check.close()
    files = len(warcs) + len(unfinished)
    return _report(archive, check, files=files, unfinished=unfinished, deep=deep)


def verify_some(
    archive: Path, warcs: Iterable[Path], *, progress: Progress = lambda _: None
) -> Iterator[tuple[Path, Report]]:
    """Check sealed WARCs one by one, as :func:`verify` does all of them.

    A revisit's original is looked up in the archive's index, not read. Damage to the manifest
    itself is for :func:`verify_manifest` to tell.
    """
    listed, _ = fixity.read(archive)
    for warc in warcs:
        check = _Check()
        if warc.is_file():
            _check_file(warc, listed.get(warc.name), check, deep=False, progress=progress)
        else:
            check.add(warc.name, None, "listed in the manifest, and not there", _COPY)
        check.close(lambda url: map(_of_entry, cdxj.lookup(archive, url)))
        yield warc, _report(archive, check, files=1, unfinished=(), deep=False)


def verify_manifest(archive: Path) -> list[Damage]:
    """Check the chain of the manifest, and that all that it lists is there."""
    check = _Check()
    _check_manifest(archive, check, {warc.name for warc in sealed_warcs(archive)})
    return check.damages


def _check_manifest(archive: Path, check: _Check, there: set[str]) -> None:
    listed, broken = fixity.read(archive)
    for place in broken:
        remedy = "compare the manifest with another copy; WARCs are checked by their own digests"
        check.add(fixity.MANIFEST, None, f"line {place.line}: {place.what}", remedy)
    for what in exclusions.damages(archive):
        check.add(exclusions.FILE, None, what, _COPY)
    for name in sorted(listed.keys() - there):
        check.add(name, None, "listed in the manifest, and not there", _COPY)


def _report(
    archive: Path, check: _Check, *, files: int, unfinished: Iterable[str], deep: bool
) -> Report:
    return Report(
        files=files,
        records=check.records,
        bytes=check.bytes,
        digests=check.digests,
        unchecked=check.unchecked,
        revisits=check.revisits,
        unfinished=tuple(unfinished),
        chain=fixity.chain(archive),
        deep=deep,
        damages=tuple(check.damages),
    )


def _of_entry(entry: Entry) -> bytes:
    told = (entry.url, entry.timestamp, entry.digest)
    return hashlib.blake2b("\n".join(told).encode(), digest_size=12).digest()


def _check_file(
    warc: Path, sealed: Sealed | None, check: _Check, *, deep: bool, progress: Progress
) -> None:
    before = check.records
    lines = _read(warc, check, progress)
    if sealed is None and (check.records == before or lock.is_held(warc)):
        return  # no WARC, as was said; or its writer is listing it now
    if sealed is None:
        check.add(warc.name, None, "not listed in the manifest", _RECOVER)
    else:
        _compare(warc, sealed, check, check.records - before)
    if deep:
        beside = cdxj_of(warc)
        if not beside.is_file():
            check.add(warc.name, None, "it has no .cdxj file", _RECOVER)
        elif beside.read_bytes() != b"".join(sorted(lines)):
            what = "its lines are not what the WARC says"
            check.add(beside.name, None, what, f"delete the file, then {_RECOVER}")


def _read(warc: Path, check: _Check, progress: Progress) -> list[bytes]:
    """Check every record; return the lines that belong into the index."""
    lines: list[bytes] = []
    at = 0

    def damaged(error: DamagedRecord) -> None:
        lost = _captured_at(warc, error.offset)
        what = f"{error.what}; it held the capture of {lost}" if lost else error.what
        check.add(warc.name, error.offset, what, _COPY)

    for record in read_records(warc, on_damage=damaged):
        check.record(record)
        lines += [entry.line() for entry in entries_of(record)]
        progress(record.offset + record.length - at)
        at = record.offset + record.length
    size = warc.stat().st_size
    check.bytes += size
    progress(size - at)
    return lines


def _captured_at(warc: Path, offset: int) -> str:
    """Return the URL that the file's own index knows at ``offset``, or ""."""
    beside = cdxj_of(warc)
    lines = beside.read_bytes().splitlines() if beside.is_file() else []
    with suppress(ValueError, KeyError):
        for line in lines:
            entry = Entry.parse(line)
            if entry.offset == offset:
                return f"{entry.url} of {entry.timestamp}"
    return ""


def _compare(warc: Path, sealed: Sealed, check: _Check, records: int) -> None:
    size = warc.stat().st_size
    if size != sealed.bytes:
        check.add(warc.name, None, f"{size} bytes, {sealed.bytes} when it was sealed", _COPY)
    elif fixity.sha256_of(warc) != sealed.sha256:
        check.add(warc.name, None, "its SHA-256 is not that of the sealed file", _COPY)
    elif records != sealed.records:
        what = f"{records} records can be read, {sealed.records} were written"
        check.add(warc.name, None, what, _COPY)


def _check_open(archive: Path, check: _Check, progress: Progress) -> list[str]:
    """Read what is not sealed; return the names of those that are being written now."""
    unfinished: list[str] = []
    for path in sorted((archive / "warc").glob("*" + OPEN)):
        held = lock.is_held(path)
        with suppress(FileNotFoundError):  # sealed just now, and read as such or the next time
            _read(path, check, progress)
        if held:
            unfinished.append(path.name)
        else:
            check.add(path.name, None, "left open by a crawl that is gone", _RECOVER)
    return unfinished


def _check_index(archive: Path, check: _Check) -> None:
    """Compare the archive's index with the files beside the WARCs."""
    index = archive / cdxj.INDEX
    want = cdxj.merged(sorted((archive / "warc").glob("*.cdxj")))
    with index.open("rb") if index.is_file() else io.BytesIO() as have:
        for number, (line, wanted) in enumerate(zip_longest(have, want), 1):
            if line != wanted:
                what = f"line {number} is not what the WARCs' own lines say"
                check.add(cdxj.INDEX, None, what, f"delete the file, then {_RECOVER}")
                break
    want.close()


def _payloads(record: Record) -> list[Iterator[bytes]]:
    """Return the ways to take a payload: WARC 1.1's, and with its chunks, as warcio digests it."""
    if record.record_type == "resource" or not record.get("content-type").startswith(
        "application/http"
    ):
        return [record.parts()]
    head, _ = split_head(record.first(_MOST_HEAD))
    headers = parse_head(head)[1]
    return [payload_parts(headers, _after(record, len(head))), _after(record, len(head))]


def _after(record: Record, skip: int) -> Iterator[bytes]:
    for part in record.parts():
        yield part[skip:]
        skip = max(0, skip - len(part))


def _hash(algorithm: str, parts: Iterator[bytes]) -> bytes:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _fits(value: str, digest: bytes) -> bool:
    """Compare a digest as written, hexadecimal or base32, with its bytes."""
    return value.lower() == digest.hex() or value.upper().rstrip("=") == base64.b32encode(
        digest
    ).decode().rstrip("=")


def _target(record: Record, url: str, date: str) -> bytes:
    """Return a short name of a capture by URL, second and payload digest, for a set."""
    told = (record.get(url), cdxj.timestamp(record.get(date)), record.get("warc-payload-digest"))
    return hashlib.blake2b("\n".join(told).encode(), digest_size=12).digest()
