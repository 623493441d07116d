"""HTTP/1.1 messages as bytes: where the head ends, what it says, and the body without its chunks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final

Headers = tuple[tuple[str, str], ...]

_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(rb"\S+[ \t]+(\d{3})(?:\D|$)")
_LINE: Final = re.compile(rb"\r?\n")
# RFC 9112, 7.1: chunk-size, then extensions after ";". Some servers pad the size with spaces.
_CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_LONGEST_CHUNK_LINE: Final = 16_384


def split_head(block: bytes) -> tuple[bytes, bytes]:
    """Return head (with its blank line) and body of an HTTP message; no blank line: all is head."""
    end = _BLANK_LINE.search(block)
    return (block[: end.end()], block[end.end() :]) if end else (block, b"")


def parse_head(head: bytes) -> tuple[int | None, Headers]:
    """Return the status and the headers in order, names in lower case, values unfolded.

    Bytes are UTF-8 where they are valid UTF-8 and latin-1 otherwise, so that none is lost.
    ``status`` is None for a request, or if the first line is no status line.
    """
    first, *lines = _LINE.split(head.rstrip(b"\r\n"))
    status = _STATUS.match(first) if first.upper().startswith((b"HTTP", b"ICY")) else None
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and headers:  # obs-fold, RFC 9112, 5.2
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {_text(line.strip())}".strip())
            continue
        raw_name, colon, raw_value = line.partition(b":")
        if colon:
            headers.append((_text(raw_name.strip()).lower(), _text(raw_value.strip())))
    return int(status[1]) if status else None, tuple(headers)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def header(headers: Headers, name: str) -> str:
    """Return the first value of ``name`` (lower case), or ""."""
    return next((value for key, value in headers if key == name), "")


def media_type(headers: Headers) -> str:
    """Return the Content-Type in lower case without parameters, or ""."""
    return header(headers, "content-type").partition(";")[0].strip().lower()


def is_chunked(headers: Headers) -> bool:
    """Tell whether the last transfer coding is ``chunked``."""
    codings = ",".join(value for name, value in headers if name == "transfer-encoding")
    return codings.rpartition(",")[2].strip().lower() == "chunked"


def payload_parts(headers: Headers, body: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``body`` with its chunks undone; Content-Encoding stays."""
    if not is_chunked(headers):
        yield from body
        return
    chunks = Dechunk()
    for part in body:
        yield chunks.feed(part)
    yield chunks.close()


class _Expect(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    NOTHING = auto()  # the last chunk came: trailers are no payload
    RAW = auto()  # not chunked after all


class Dechunk:
    """Undo ``Transfer-Encoding: chunked``, piece by piece.

    A body that never was chunked (other crawlers store it so and leave the header) passes as it
    is; framing that breaks later passes raw from there on, so that no byte of a page is lost.
    """

    def __init__(self) -> None:
        self._expect = _Expect.SIZE
        self._buffer = b""
        self._at = 0  # what of the buffer is done
        self._left = 0  # of the current chunk
        self._any = False

    def feed(self, data: bytes) -> bytes:
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        out: list[bytes] = []
        while self._at < len(self._buffer) and self._step(out):
            pass
        return b"".join(out)

    def close(self) -> bytes:
        """Return what was held back for more input, where it is payload."""
        held, self._buffer = self._buffer[self._at :], b""
        return held if self._expect is _Expect.SIZE and not self._any else b""

    def _step(self, out: list[bytes]) -> bool:
        """Take what can be taken from the buffer; False if more input is needed."""
        match self._expect:
            case _Expect.SIZE:
                return self._take_size()
            case _Expect.DATA:
                out.append(self._take(self._left))
                self._left -= len(out[-1])
                if not self._left:
                    self._expect = _Expect.DATA_END
            case _Expect.DATA_END:
                return self._take_data_end()
            case _Expect.NOTHING:
                self._take(len(self._buffer))
            case _Expect.RAW:
                out.append(self._take(len(self._buffer)))
        return True

    def _take(self, size: int) -> bytes:
        taken = self._buffer[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def _take_size(self) -> bool:
        found = _CHUNK_SIZE.match(self._buffer, self._at)
        if not found:
            waiting = len(self._buffer) - self._at
            not_chunked = self._buffer.find(b"\n", self._at) >= 0 or waiting > _LONGEST_CHUNK_LINE
            if not_chunked:
                self._expect = _Expect.RAW
            return not_chunked
        self._at = found.end()
        self._left = int(found[1], 16)
        self._any = True
        self._expect = _Expect.DATA if self._left else _Expect.NOTHING
        return True

    def _take_data_end(self) -> bool:
        """Step over the line end after a chunk's data; a missing one is forgiven."""
        rest = self._buffer[self._at : self._at + 2]
        if rest == b"\r":
            return False
        self._at += 2 if rest == b"\r\n" else rest[:1] == b"\n"
        self._expect = _Expect.SIZE
        return True
