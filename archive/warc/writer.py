"""Write exchanges to WARC files so that what was acknowledged is there after any crash."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final, Self

from archive import cdxj
from archive.capture import Exchange
from archive.cdxj import Entry
from archive.errors import BadSetting, DiskFull
from archive.warc import compose
from archive.warc.compose import Answer
from archive.warc.lock import hold
from archive.warc.message import header
from archive.warc.revisits import Original, RevisitIndex
from archive.warc.seal import OPEN, Apart, at_once, seal, sync_folder

_PORTAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LONG: Final = 8_388_608  # bytes of an answer that is compressed into the file piece by piece
_SHORTEST_REVISIT: Final = 256  # bytes of payload; below it the two records cost more than it


@dataclass(frozen=True, slots=True)
class Written:
    """Where an exchange's answer stands: ``warc`` is the file's name, sealed or not.

    ``offset`` and ``length`` are the response's or revisit's, in stored bytes; the next exchange
    starts at ``offset + length``. If the server gave no answer they are the request's.
    """

    warc: str
    offset: int
    length: int
    record_id: str
    payload_digest: str
    status: int | None
    revisit: bool


class WarcWriter:
    """Writes one run's exchanges into ``folder`` (``<archive>/warc``).

    A file is begun with the first exchange, is called ``.open`` until it is sealed, and is rolled
    at ``roll_at`` bytes. ``info`` are fields of each file's ``warcinfo`` record. Without
    ``revisits`` every payload is stored in full. One thread, but for the listing of a sealed file,
    which is handed to ``apart``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        portal: str,
        info: Mapping[str, str],
        roll_at: int = 1_000_000_000,
        revisits: RevisitIndex | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        apart: Apart = at_once,
    ) -> None:
        if not _PORTAL.fullmatch(portal):
            raise BadSetting(f"portal id {portal!r} cannot be part of a file name")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._portal = portal
        self._info = dict(info)
        self._roll_at = roll_at
        self._revisits = revisits
        self._now = now
        self._apart = apart
        self._serial = 0
        self._fd = -1
        self._unsynced = False

    def write(self, exchange: Exchange) -> Written:
        """Append an exchange; durable after :meth:`sync`.

        Raises ``DiskFull``; the file then ends with the exchange before.
        """
        if self._fd >= 0 and self._size >= self._roll_at:
            self.seal()
        if self._fd < 0:
            self._begin()
        answer = compose.measure(exchange)
        record_id = compose.new_id()
        original = self._original(exchange, answer)
        keep_head = original is not None and answer.status == 304
        before = compose.beside(exchange, self._warcinfo_id, record_id, keep_head=keep_head)
        last = self._answer(exchange, answer, original, record_id)
        start = self._size
        self._append(chain((before,), last))
        offset = start + len(before) if exchange.head else start
        written = Written(
            warc=self._name,
            offset=offset,
            length=self._size - offset,
            record_id=record_id,
            payload_digest=original.digest if original else answer.payload_digest,
            status=answer.status,
            revisit=original is not None,
        )
        self._records += 3 if exchange.head else 2
        if exchange.head:
            self._entries.append(_entry(exchange, answer, written))
        self._remember(exchange, answer, original)
        return written

    def sync(self) -> None:
        """Make all that was written durable, then let the revisit index name it."""
        if self._fd >= 0 and self._unsynced:
            with _room(self._path):
                os.fsync(self._fd)
            self._unsynced = False
        if self._revisits is not None:
            self._revisits.commit()

    def seal(self) -> Path | None:
        """Close the current file under its final name; None if none was begun."""
        if self._fd < 0:
            return None
        self.sync()
        sealed = seal(
            self._path,
            entries=self._entries,
            sha256=self._hash.hexdigest(),
            records=self._records,
            now=self._now(),
            apart=self._apart,
        )
        os.close(self._fd)
        self._fd = -1
        return sealed

    def close(self) -> None:
        """Seal what is open."""
        self.seal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._serial += 1
        now = self._now().astimezone(UTC)
        stamp = now.strftime("%Y%m%d%H%M%S") + f"{now.microsecond // 1000:03d}"
        self._name = f"{self._portal}-{stamp}-{self._serial:05d}-{secrets.token_hex(3)}.warc.gz"
        self._path = self._folder / (self._name + OPEN)
        self._warcinfo_id, first = compose.warcinfo(self._name, now, self._warcinfo_lines())
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        hold(self._fd)
        self._size = 0
        self._records = 1
        self._entries: list[Entry] = []
        self._hash = hashlib.sha256()
        try:
            self._append((first,))
        except DiskFull:
            os.close(self._fd)
            self._fd = -1
            self._path.unlink()
            raise
        sync_folder(self._folder)

    def _warcinfo_lines(self) -> Iterable[tuple[str, str]]:
        defaults = {
            "software": "morestories",
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        }
        return {**defaults, **self._info}.items()

    def _answer(
        self, exchange: Exchange, answer: Answer, original: Original | None, record_id: str
    ) -> Iterable[bytes]:
        """Return the pieces of the record that holds the answer; none if there was no answer."""
        if original:
            return (compose.revisit(exchange, original, self._warcinfo_id, record_id),)
        if not exchange.head:
            return ()
        fields = compose.response_fields(exchange, answer, self._warcinfo_id, record_id)
        parts = chain((exchange.head,), compose.body_parts(exchange.body))
        if answer.size > _LONG:
            return compose.member_parts(fields, answer.size, parts)
        return (compose.member(fields, b"".join(parts)),)

    def _original(self, exchange: Exchange, answer: Answer) -> Original | None:
        """Return what the answer repeats, if a revisit record may stand for it."""
        if self._revisits is None or exchange.truncated:
            return None
        if answer.status == 304:
            return self._revisits.latest(compose.target_uri(exchange.url))
        if not _may_repeat(answer):
            return None
        return self._revisits.find(answer.payload_digest, answer.form)

    def _remember(self, exchange: Exchange, answer: Answer, original: Original | None) -> None:
        if self._revisits is None or exchange.truncated:
            return
        if answer.status != 200 and not _may_repeat(answer):
            return
        url, date = compose.target_uri(exchange.url), compose.w3c_date(exchange.started)
        own = Original(answer.payload_digest, answer.form, url, date)
        self._revisits.remember(url, original or own, current=answer.status == 200)

    def _append(self, parts: Iterable[bytes]) -> None:
        """Append an exchange in one unbuffered write (a long one in several), or nothing of it."""
        start, digest = self._size, self._hash.copy()
        try:
            with _room(self._path):
                for part in _joined(parts):
                    self._write_all(part)
        except BaseException:
            os.ftruncate(self._fd, start)
            self._size, self._hash = start, digest
            raise
        self._unsynced = True

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            count = os.write(self._fd, view)
            self._hash.update(view[:count])
            self._size += count
            view = view[count:]


def _entry(exchange: Exchange, answer: Answer, written: Written) -> Entry:
    """Return the index line of what was written; a 304's revisit tells no status."""
    url = compose.target_uri(exchange.url)
    not_modified = written.revisit and answer.status == 304
    mime = cdxj.media_type(header(answer.headers, "content-type"))
    return Entry(
        key=cdxj.url_key(url),
        timestamp=cdxj.timestamp(compose.w3c_date(exchange.started)),
        url=url,
        mime="warc/revisit" if written.revisit else mime,
        status="" if not_modified else str(answer.status or ""),
        digest=written.payload_digest,
        length=written.length,
        offset=written.offset,
        warc=written.warc,
    )


def _may_repeat(answer: Answer) -> bool:
    """Tell whether the answer is of a kind that is kept once: a whole page, or an error page."""
    status = answer.status or 0
    return answer.payload_size >= _SHORTEST_REVISIT and (status == 200 or 400 <= status < 600)


def _joined(parts: Iterable[bytes]) -> Iterable[bytes]:
    """Join parts to pieces of at least ``_LONG`` bytes, so that most exchanges are one piece."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _LONG:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


@contextmanager
def _room(path: Path) -> Iterator[None]:
    """Turn "no space left" into ``DiskFull``."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise DiskFull(
            f"no room left for {path} ({error.strerror}): what is written so far is whole; "
            "free some space, then run the crawl again"
        ) from error
