"""The bytes of a WARC file, one gzip member after another, and where in the file each stands."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, cast

from isal import isal_zlib

from archive.errors import DamagedRecord, TruncatedRecord

GZIP_MAGIC: Final = b"\x1f\x8b\x08"
ARC: Final = (
    "this is an ARC file, not a WARC: convert it with `warcio recompress OLD.arc NEW.warc.gz`"
)
_ZSTD_MAGICS: Final = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18")  # a frame; a WARC's dictionary
# isal's stubs declare its error as an instance.
_GZIP_ERRORS: Final = (zlib.error, cast("type[Exception]", isal_zlib.error))
_PIECE: Final = 131_072  # of stored bytes read at a time
_MOST_AT_ONCE: Final = 1_048_576  # of decompressed bytes, so that a bomb stays small
_RECORD_LINE: Final = re.compile(rb"WARC/\d\.\d+\r?\n")


class Members:
    """A WARC file read forward from ``offset``.

    Compressed, a member is a gzip member; not compressed, the file is one member. ``offset``
    is where the current member starts and ``end`` where it ends, in stored bytes; ``end`` is
    known once :meth:`read` has returned ``b""``, which is also when the member's CRC held.
    """

    def __init__(self, path: Path, file: IO[bytes], offset: int = 0) -> None:
        self.path = path
        self._file = file
        self._stored = b""
        self._ahead = b""  # decompressed, put back by the caller
        self._inflate: isal_zlib.Decompress | None = None
        self._held_back = False  # the decompressor has more to give without more input
        self.offset = self.end = offset
        # What a writer appends from now on is not seen: a torn tail stays the tail.
        self.size = file.seek(0, 2)
        file.seek(0)
        first = file.read(4)
        _refuse_foreign(first, path)
        plain = first.startswith(b"WARC") or ".gz" not in path.suffixes
        self.compressed = first.startswith(GZIP_MAGIC[:2]) or not plain
        self.seek(offset)

    def seek(self, offset: int) -> None:
        """Go to a member's start."""
        self._file.seek(offset)
        self._stored, self._ahead, self._inflate, self._held_back = b"", b"", None, False
        self.offset = self.end = offset

    def starts_here(self) -> bool:
        """Tell whether a member may start at ``offset``, or the file ends there."""
        self._fill()
        return not self.compressed or GZIP_MAGIC.startswith(self._stored[: len(GZIP_MAGIC)])

    def next(self) -> bool:
        """Step to the next member; False at the end of the file."""
        self.offset = self.position
        if not self._fill():
            return False
        if self.compressed:
            if len(self._stored) < len(GZIP_MAGIC):
                self._stored += self._read_stored()
            if not self._stored.startswith(GZIP_MAGIC):
                kind = TruncatedRecord if GZIP_MAGIC.startswith(self._stored) else DamagedRecord
                raise kind("no gzip member starts here", warc=self.path.name, offset=self.offset)
            self._inflate = isal_zlib.decompressobj(wbits=31)
        return True

    @property
    def position(self) -> int:
        """Where the next byte stands, in stored bytes; compressed, only at a member's end."""
        return self.end if self.compressed else self.end - len(self._ahead)

    def begin_record(self) -> None:
        """Let ``offset`` be here, in a file that is not compressed."""
        if not self.compressed:
            self.offset = self.position

    def read(self) -> bytes:
        """Return some of the member's bytes, decompressed; ``b""`` at its end."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if not self.compressed:
            return self._read_plain()
        while self._inflate is not None:
            if not self._held_back and not self._fill():
                raise TruncatedRecord(
                    "the file ends inside a gzip member", warc=self.path.name, offset=self.offset
                )
            if data := self._decompress(self._inflate):
                return data
        return b""

    def put_back(self, data: bytes) -> None:
        """Give decompressed bytes back; the next :meth:`read` returns them."""
        self._ahead = data + self._ahead

    def _read_plain(self) -> bytes:
        if not self._fill():
            return b""
        data, self._stored = self._stored, b""
        self.end += len(data)
        return data

    def _decompress(self, inflate: isal_zlib.Decompress) -> bytes:
        given = len(self._stored)
        try:
            data: bytes = inflate.decompress(self._stored, _MOST_AT_ONCE)
        except _GZIP_ERRORS as error:
            raise DamagedRecord(
                f"the gzip member is damaged ({error})", warc=self.path.name, offset=self.offset
            ) from error
        self._held_back = len(data) == _MOST_AT_ONCE and not inflate.eof
        if inflate.eof:
            self._stored, self._inflate = inflate.unused_data, None
        else:
            self._stored = inflate.unconsumed_tail
        self.end += given - len(self._stored)
        return data

    def _fill(self) -> bool:
        if not self._stored:
            self._stored = self._read_stored()
        return bool(self._stored)

    def _read_stored(self) -> bytes:
        return self._file.read(max(0, min(_PIECE, self.size - self._file.tell())))

    def resync(self) -> bool:
        """Go to the next place after ``offset`` where a record starts; False if there is none."""
        mark = GZIP_MAGIC if self.compressed else b"WARC/"
        starts = self._starts_compressed if self.compressed else self._starts_plain
        found = _next_start(self._file, mark, range(self.offset + 1, self.size), starts)
        if found is None:
            self.seek(self.size)
            return False
        self.seek(found)
        return True

    def _starts_plain(self, stored: bytes) -> bool:
        return _RECORD_LINE.match(stored) is not None

    def _starts_compressed(self, stored: bytes) -> bool:
        try:
            text = isal_zlib.decompressobj(wbits=31).decompress(stored, 64)
        except _GZIP_ERRORS:
            return False
        return _RECORD_LINE.match(text) is not None


def _next_start(
    file: IO[bytes], mark: bytes, among: range, starts: Callable[[bytes], bool]
) -> int | None:
    """Return the first offset ``among`` these that holds ``mark`` and that ``starts`` accepts."""
    window = 65_536  # bytes given to ``starts``; a member's first block header fits well
    for position in range(among.start, among.stop, _PIECE):
        file.seek(position)
        stored = file.read(min(_PIECE + window, among.stop - position))
        at = stored.find(mark)
        while 0 <= at < _PIECE:
            if starts(stored[at : at + window]):
                return position + at
            at = stored.find(mark, at + 1)
    return None


def _refuse_foreign(first: bytes, path: Path) -> None:
    """Raise ``DamagedRecord`` for what is plainly another format."""
    if not first:
        if path.suffix == ".open":
            return
        raise TruncatedRecord("the file is empty", warc=path.name, offset=0)
    if first in _ZSTD_MAGICS or (first[0] >> 4 == 5 and first[1:] == b"\x2a\x4d\x18"):
        raise DamagedRecord(
            "compressed with zstd, which is not read here: recompress it with `zstd -d` and `warcio recompress`",
            warc=path.name,
            offset=0,
        )
    if first.startswith(b"file"):
        raise DamagedRecord(ARC, warc=path.name, offset=0)
