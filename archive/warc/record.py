"""A WARC record as it stands in a file: its fields and its block, nothing interpreted."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

from archive.errors import DamagedRecord, TruncatedRecord
from archive.warc.members import ARC, Members
from archive.warc.message import Headers, header, parse_head

OnDamage = Callable[[DamagedRecord], None]

HELD: Final = 16_777_216  # bytes of a block held in memory; a longer one lies in a temporary file
_LONGEST_HEAD: Final = 65_536
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_RECORD_LINE: Final = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Record:
    """``fields`` are the record's named fields in order, names in lower case.

    ``offset`` and ``length`` count stored bytes. Where one gzip member holds many records, the
    n-th has the member's offset plus n, and length 0: it has no bytes of its own. A ``block``
    longer than ``HELD`` is a temporary file, which is closed when the next record is read.
    """

    warc: str
    offset: int
    length: int
    fields: Headers
    block: bytes | IO[bytes]
    size: int

    def get(self, name: str) -> str:
        """Return the first value of ``name`` (lower case), or ""."""
        return header(self.fields, name)

    @property
    def record_type(self) -> str:
        return self.get("warc-type").lower()

    @property
    def record_id(self) -> str:
        return self.get("warc-record-id")

    def parts(self, size: int = 1_048_576) -> Iterator[bytes]:
        """Yield the block from its start."""
        file = io.BytesIO(self.block) if isinstance(self.block, bytes) else self.block
        file.seek(0)
        while part := file.read(size):
            yield part

    def first(self, size: int) -> bytes:
        """Return at most ``size`` bytes of the block."""
        if isinstance(self.block, bytes):
            return self.block[:size]
        self.block.seek(0)
        return self.block.read(size)


def read_records(
    path: Path, *, start: int = 0, on_damage: OnDamage | None = None
) -> Iterator[Record]:
    """Yield every record from ``start`` on, which must be a record's (stored) offset.

    A record is yielded once its gzip member has ended and the CRC held. Damage is given to
    ``on_damage`` and reading goes on at the next record; without ``on_damage`` it is raised.
    A file named ``.open`` is still being written: there a torn tail is the quiet end.
    """
    faults = _Faults(path, on_damage)
    with path.open("rb") as file:
        try:
            members = Members(path, file, start)
        except DamagedRecord as error:
            faults.report(error)
            return
        if start and not members.starts_here():
            members.seek(0)  # the record shares its gzip member with earlier ones
        for found in _walk(members):
            if isinstance(found, DamagedRecord):
                faults.meet(found)
            elif found.offset >= start and faults.allow(found):
                yield found


def _walk(members: Members) -> Iterator[Record | DamagedRecord]:
    """Yield records, and damage where it is met; after damage go to where a record starts."""
    more = True
    while more:
        try:
            more = members.next()
            if more:
                yield from _records_of_member(members)
        except DamagedRecord as error:
            more = members.resync()
            yield error


class _Faults:
    """What is to be made of damage, and of what is found after it.

    A payload may itself be a WARC, and if the record around it is damaged, its records would be
    found in its place. So, after damage, a file that names itself in its ``warcinfo`` gives only
    records that name that ``warcinfo``: no server can know its id.
    """

    def __init__(self, path: Path, on_damage: OnDamage | None) -> None:
        self._path = path
        self._on_damage = on_damage
        self._owner = ""
        self._torn: DamagedRecord | None = None  # a torn tail, unless a record follows it

    def report(self, error: DamagedRecord) -> None:
        if self._on_damage is None:
            raise error
        self._on_damage(error)

    def meet(self, error: DamagedRecord) -> None:
        """Take a fault; in a file still being written a cut record waits for what follows."""
        self._owner = self._owner or _owner(self._path)
        if self._path.suffix == ".open" and isinstance(error, TruncatedRecord):
            self._torn = self._torn or error
        elif not self._torn:
            self.report(error)

    def allow(self, record: Record) -> bool:
        """Tell whether a record belongs to the file."""
        if self._owner and record.get("warc-warcinfo-id") != self._owner:
            return False
        if self._torn:
            torn, self._torn = self._torn, None
            self.report(torn)
        return True


def _owner(path: Path) -> str:
    """Return the id of a file's ``warcinfo`` if it names the file, and the next record names it."""
    with path.open("rb") as file:
        found = islice(_walk(Members(path, file)), 2)
        first = [record for record in found if isinstance(record, Record)]
    if len(first) < 2 or first[0].get("warc-filename") != path.name.removesuffix(".open"):
        return ""
    owner = first[0].record_id
    return owner if first[1].get("warc-warcinfo-id") == owner else ""


def _records_of_member(members: Members) -> Iterator[Record]:
    """Yield the member's records, each once it is known to be whole."""
    number = 0
    while True:
        members.begin_record()
        fields = _read_fields(members)
        if fields is None:
            return
        block, size = _read_block(members, fields)
        last = _read_end(members)
        alone = last and number == 0
        at = members.offset + (number if members.compressed else 0)
        length = members.position - members.offset if alone or not members.compressed else 0
        try:
            yield Record(members.path.name, at, length, fields, block, size)
        finally:
            if not isinstance(block, bytes):
                block.close()
        if last:
            return
        number += 1


def _read_fields(members: Members) -> Headers | None:
    """Read a record's head; None where the member ends instead."""
    head = b""
    while True:
        data = members.read()
        head = (head + data).lstrip(b"\r\n")
        if end := _HEAD_END.search(head):
            break
        if not data:
            if not head:
                return None
            raise _damaged(members, TruncatedRecord, "the file ends inside a record's head")
        if not _may_be_record(head) or len(head) > _LONGEST_HEAD:
            break
    if not _RECORD_LINE.match(head) or not end:
        what = ARC if head.startswith(b"filedesc:") else "no WARC record starts here"
        raise _damaged(members, DamagedRecord, what)
    members.put_back(head[end.end() :])
    return parse_head(head[: end.end()])[1]


def _may_be_record(head: bytes) -> bool:
    return head.startswith(b"WARC/") or b"WARC/".startswith(head)


def _read_block(members: Members, fields: Headers) -> tuple[bytes | IO[bytes], int]:
    """Read as many bytes as Content-Length says, into memory or a temporary file."""
    size = _content_length(members, fields)
    block: IO[bytes] = io.BytesIO() if size <= HELD else tempfile.TemporaryFile()  # noqa: SIM115
    left = size
    while left:
        data = members.read()
        if not data:
            have = size - left
            raise _damaged(
                members, TruncatedRecord, f"Content-Length says {size} bytes, {have} are there"
            )
        block.write(data[:left])
        if len(data) > left:
            members.put_back(data[left:])
        left -= min(left, len(data))
    return (block.getvalue() if isinstance(block, io.BytesIO) else block), size


def _content_length(members: Members, fields: Headers) -> int:
    value = header(fields, "content-length")
    if not value.isascii() or not value.isdigit():
        raise _damaged(members, DamagedRecord, f"Content-Length is {value!r}, not a number")
    return int(value)


def _read_end(members: Members) -> bool:
    """Read the blank lines after a block; True if the member ends with them."""
    while data := members.read():
        if rest := data.lstrip(b"\r\n"):
            if not _may_be_record(rest):
                raise _damaged(
                    members, DamagedRecord, "the record is longer than its Content-Length says"
                )
            members.put_back(rest)
            return False
    return True


def _damaged(members: Members, kind: type[DamagedRecord], what: str) -> DamagedRecord:
    if kind is TruncatedRecord and members.compressed:
        kind = DamagedRecord  # the gzip member is whole: it is the record that lies
    return kind(what, warc=members.path.name, offset=members.offset)
