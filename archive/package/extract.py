"""Chosen records of a WARC as they are stored there: byte ranges, copied and never rewritten."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Final

from archive.warc.members import GZIP_MAGIC
from archive.warc.record import read_records
from archive.warc.seal import OPEN

PIECE: Final = 1_048_576  # bytes copied at a time
HEAD: Final = 8_192  # of a record, in which its named fields stand


@dataclass(frozen=True, slots=True)
class Span:
    """Stored bytes of a file from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Extract:
    """The parts of one WARC that hold the chosen captures, in the file's order.

    ``whole`` says that they are all of the file. ``places`` tells where a chosen capture, known
    by its offset in the WARC, starts in the extract.
    """

    warc: Path
    spans: tuple[Span, ...]
    size: int
    whole: bool
    places: dict[int, int]


def extract(warc: Path, chosen: Sequence[Span], known: Sequence[Span]) -> Extract:
    """Plan the extract of the ``chosen`` captures among all captures ``known`` of the file.

    The file's own ``warcinfo`` and the chosen captures' ``request`` and ``metadata`` records come
    with them. Both sequences are sorted. Where every capture is chosen the file is taken whole,
    and so is one whose records share gzip members. Raises ``OSError`` where the file is not there,
    ``DamagedRecord`` where its first record cannot be read.
    """
    size = warc.stat().st_size
    written = warc.suffix == OPEN  # what is being written may end in half a record
    if (len(chosen) == len(known) and not written) or any(s.start >= s.end for s in chosen):
        whole = (Span(0, size),)
        return Extract(warc, whole, size, True, {span.start: span.start for span in chosen})
    spans = _joined([*_warcinfo(warc), *_with_neighbours(warc, chosen, known)])
    places: dict[int, int] = {}
    starts = iter(chosen)
    wanted = next(starts, None)
    at = 0
    for span in spans:
        while wanted and span.start <= wanted.start < span.end:
            places[wanted.start] = at + wanted.start - span.start
            wanted = next(starts, None)
        at += span.end - span.start
    return Extract(warc, tuple(spans), at, False, places)


def copy(extract: Extract) -> Iterator[bytes]:
    """Yield the bytes of the extract."""
    with _opened(extract.warc) as file:
        for span in extract.spans:
            yield from _bytes(file, span)


def _opened(warc: Path) -> IO[bytes]:
    """Open a WARC, also one that was sealed, and so renamed, since it was planned."""
    try:
        return warc.open("rb")
    except FileNotFoundError:
        return warc.with_name(warc.name.removesuffix(OPEN)).open("rb")


def _bytes(file: IO[bytes], span: Span) -> Iterator[bytes]:
    file.seek(span.start)
    left = span.end - span.start
    while left and (piece := file.read(min(left, PIECE))):
        yield piece
        left -= len(piece)


def _warcinfo(warc: Path) -> list[Span]:
    first = next(read_records(warc), None)
    if first is None or first.record_type != "warcinfo" or not first.length:
        return []
    return [Span(first.offset, first.offset + first.length)]


def _with_neighbours(warc: Path, chosen: Sequence[Span], known: Sequence[Span]) -> list[Span]:
    """Return the chosen captures, each with the records beside it that are about it."""
    wanted = {span.start for span in chosen}
    found = list(chosen)
    with warc.open("rb") as file:
        heads = Heads(file)
        fence = [Span(0, 0), *known, Span(file.seek(0, 2), 0)]
        for before, after in pairwise(fence):
            left, right = before.start in wanted and before.end > 0, after.start in wanted
            gap = Span(before.end, after.start)
            if left and right:
                found.append(gap)  # all between two chosen is about them
            elif left or right:
                record_id = heads.at((before if left else after).start).get(b"warc-record-id")
                about = (b"warc-concurrent-to", record_id)
                found += [span for span, head in heads.within(gap) if about in head.items()]
    return found


class Heads:
    """The named fields of a WARC's records, read without the blocks that follow them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.seek(0)
        self._compressed = file.read(2) == GZIP_MAGIC[:2]

    def at(self, offset: int) -> dict[bytes, bytes]:
        """Return the fields of the record at ``offset``, names in lower case; {} if none is."""
        self._file.seek(offset)
        return _fields(self._inflated(self._file.read(HEAD), HEAD))

    def within(self, gap: Span) -> Iterator[tuple[Span, dict[bytes, bytes]]]:
        """Yield the records that start in ``gap`` and their fields; damage ends the search."""
        self._file.seek(gap.start)
        data = self._file.read(gap.end - gap.start)
        at = 0
        while fields := _fields(self._inflated(data[at:], HEAD)):
            length = self._length(data[at:], fields)
            if not length:
                return
            yield Span(gap.start + at, gap.start + at + length), fields
            at += length

    def _inflated(self, data: bytes, most: int) -> bytes:
        if not self._compressed:
            return data[:most]
        try:
            return zlib.decompressobj(31).decompress(data, most)
        except zlib.error:
            return b""

    def _length(self, data: bytes, fields: dict[bytes, bytes]) -> int:
        """Return the stored bytes of the first record in ``data``; 0 if they do not end there."""
        if not self._compressed:
            end = data.find(b"\r\n\r\n") + 4 + int(fields.get(b"content-length", b"0"))
            blank = len(data[end : end + 4]) - len(data[end : end + 4].lstrip(b"\r\n"))
            return end + blank
        inflate = zlib.decompressobj(31)
        try:
            inflate.decompress(data)
        except zlib.error:
            return 0
        return len(data) - len(inflate.unused_data) if inflate.eof else 0


def _fields(head: bytes) -> dict[bytes, bytes]:
    if not head.startswith(b"WARC/"):
        return {}
    lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return sorted spans with those that touch made one, and empty ones left out."""
    made: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if span.start >= span.end:
            continue
        if made and span.start <= made[-1].end:
            made[-1] = Span(made[-1].start, max(made[-1].end, span.end))
        else:
            made.append(span)
    return made
