"""Read captures out of any WARC, ours or another crawler's, past damage and while it is written."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, cast

import brotli

from archive.capture import About, Capture
from archive.errors import DamagedRecord
from archive.warc.fields import read_about, read_fields, read_head
from archive.warc.message import media_type, parse_head, payload_parts, split_head
from archive.warc.record import OnDamage, Record, read_records
from archive.warc.seal import OPEN

MOST_PAYLOAD: Final = 67_108_864
"""Bytes of a payload that a Capture holds; a longer one is cut and says ``truncated="length"``."""

MOST_DECODED: Final = 50_000_000
"""Bytes that :func:`decoded` returns at most: a page is never longer, a bomb is."""

_CAPTURES: Final = frozenset({"response", "revisit", "resource"})
_BESIDE: Final = frozenset({"metadata", "request"})
_MOST_HEAD: Final = 1_048_576  # of an HTTP head or a warc-fields block
_GZIP: Final = 31  # zlib's wbits for a gzip member
_GZIP_MAGIC: Final = b"\x1f\x8b"


def read_captures(
    path: Path, *, start: int = 0, on_damage: OnDamage | None = None
) -> Iterator[Capture]:
    """Yield the captures of a WARC in the file's order, from ``start`` on.

    ``start`` is the stored offset of a record, such as ``offset + length`` of the last capture
    seen. A file named ``.open`` ends quietly at the last whole capture. Damage is raised
    (``DamagedRecord``, ``TruncatedRecord``), or given to ``on_damage``, and then reading goes on
    at the next record. ``about`` comes from our ``metadata`` record before or right after.
    """
    beside = _Beside(first_warcinfo(path) if start else {})
    waiting: Capture | None = None
    for record in read_records(path, start=start, on_damage=on_damage):
        kind = record.record_type
        if waiting and kind in _BESIDE and record.get("warc-concurrent-to") == waiting.record_id:
            beside.take(record)
            if about := beside.about(waiting.record_id):
                waiting = replace(waiting, about=about)
            continue
        if waiting:
            yield waiting
            waiting = None
        if kind not in _CAPTURES:
            beside.take(record)
        elif capture := _readable(record, beside, on_damage):
            if capture.about is None:
                waiting = capture
            else:
                yield capture
    if waiting:
        yield waiting


def _readable(record: Record, beside: _Beside, on_damage: OnDamage | None) -> Capture | None:
    try:
        return _capture(record, beside)
    except ValueError as error:
        damage = DamagedRecord(
            f"a field is no good ({error})", warc=record.warc, offset=record.offset
        )
        if on_damage is None:
            raise damage from error
        on_damage(damage)
        return None


def read_capture(path: Path, offset: int) -> Capture:
    """Return the capture whose record starts at ``offset`` (stored bytes, as CDXJ counts).

    ``about`` is None, and so is ``status`` of a 304's revisit: they are told by the record
    before. Raises ``DamagedRecord`` if no capture starts there, ``TruncatedRecord`` if the file
    ends inside it.
    """
    for record in read_records(path, start=offset):
        if record.offset != offset or record.record_type not in _CAPTURES:
            break
        capture = _readable(record, _Beside(first_warcinfo(path)), None)
        if capture:
            return capture
    raise DamagedRecord("no capture starts here", warc=path.name, offset=offset)


def resolve(folder: Path, name: str) -> Path:
    """Return the path of a WARC by its name, sealed or still open; ``name`` is without ``.open``."""
    sealed = folder / name
    still_open = folder / (name + OPEN)
    return still_open if still_open.exists() and not sealed.exists() else sealed


def decoded(capture: Capture) -> bytes:
    """Return the payload with its Content-Encoding undone, at most ``MOST_DECODED`` bytes.

    Reads gzip, deflate (with and without zlib's wrapper) and br, nested as listed, and also
    where they are a Transfer-Encoding. A body that was cut gives what can be had of it; one that
    is not encoded as it says comes as it is.
    """
    body = capture.payload
    for header in ("transfer-encoding", "content-encoding"):  # the outer one first
        values = ",".join(value for name, value in capture.headers if name == header)
        for coding in reversed(values.split(",")):
            body = _undo(coding.strip().lower(), body)
    return body[:MOST_DECODED]


def _undo(coding: str, body: bytes) -> bytes:
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, _GZIP) if body.startswith(_GZIP_MAGIC) else body
    if coding == "deflate":
        return _inflate(body, 15) or _inflate(body, -15) or body
    if coding == "br":
        return _unbrotli(body)
    return body


def _inflate(body: bytes, wbits: int) -> bytes:
    """Inflate gzip members (31), zlib (15) or raw deflate (-15) up to damage or the bound."""
    out = b""
    while body and len(out) < MOST_DECODED:
        inflate = zlib.decompressobj(wbits)
        try:
            out += inflate.decompress(body, MOST_DECODED - len(out))
        except zlib.error:
            return out + _before_damage(body, wbits)
        body = inflate.unused_data if wbits == _GZIP else b""
        if not body.startswith(_GZIP_MAGIC):  # padding after the last member
            break
    return out


def _before_damage(body: bytes, wbits: int) -> bytes:
    """Inflate in small steps, keeping what came before the step that fails."""
    inflate = zlib.decompressobj(wbits)
    out: list[bytes] = []
    for at in range(0, len(body), 64):
        try:
            out.append(inflate.decompress(body[at : at + 64]))
        except zlib.error:
            break
    return b"".join(out)[:MOST_DECODED]


def _unbrotli(body: bytes) -> bytes:
    inflate = brotli.Decompressor()
    out = bytearray()
    for at in range(0, len(body), 4_096):
        step = body[at : at + 4_096]
        try:
            out += inflate.process(step, output_buffer_limit=MOST_DECODED - len(out))
        except brotli.error:
            break
        if len(out) >= MOST_DECODED:
            break
    return bytes(out) or body


class _Beside:
    """What the records around a capture say about it, until the capture comes."""

    def __init__(self, warcinfo: Mapping[str, str]) -> None:
        self.warcinfo = warcinfo
        self._about: dict[str, About] = {}
        self._head: dict[str, bytes] = {}

    def take(self, record: Record) -> None:
        if record.record_type == "warcinfo":
            self.warcinfo = _warcinfo(record)
        elif record.record_type == "metadata":
            fields = read_fields(record.first(_MOST_HEAD))
            if about := read_about(fields):
                self._about[record.get("warc-concurrent-to")] = about
                self._head[record.get("warc-concurrent-to")] = read_head(fields)

    def about(self, record_id: str) -> About | None:
        about = self._about.get(record_id)
        self._about.clear()  # what did not find its capture by now never will
        return about

    def head(self, record_id: str) -> bytes:
        head = self._head.get(record_id, b"")
        self._head.clear()
        return head


def _warcinfo(record: Record) -> Mapping[str, str]:
    return dict(reversed(read_fields(record.first(_MOST_HEAD))))


def first_warcinfo(path: Path) -> Mapping[str, str]:
    """Return the fields of the file's first record, {} if that is no readable ``warcinfo``."""
    record = next(read_records(path, on_damage=lambda _: None), None)
    return _warcinfo(record) if record and record.record_type == "warcinfo" else {}


def _capture(record: Record, beside: _Beside) -> Capture:
    """Interpret a response, revisit or resource record; ``ValueError`` if a field is no good."""
    head, payload, cut = _payload(record)
    status, headers = parse_head(head or beside.head(record.record_id))
    refers_to_date = record.get("warc-refers-to-date")
    is_http = status is not None
    return Capture(
        url=_bare(record.get("warc-target-uri")),
        date=_date(record.get("warc-date")),
        warc=record.warc.removesuffix(OPEN),
        offset=record.offset,
        length=record.length,
        record_id=record.record_id,
        record_type=cast(Literal["response", "revisit", "resource"], record.record_type),
        status=status,
        content_type=media_type(headers if is_http else record.fields),
        headers=headers,
        payload=payload,
        payload_digest=record.get("warc-payload-digest") or None,
        ip=record.get("warc-ip-address") or None,
        profile=record.get("warc-profile") or None,
        refers_to_url=_bare(record.get("warc-refers-to-target-uri")) or None,
        refers_to_date=_date(refers_to_date) if refers_to_date else None,
        truncated=record.get("warc-truncated") or ("length" if cut else None),
        about=beside.about(record.record_id),
        warcinfo=beside.warcinfo,
    )


def _payload(record: Record) -> tuple[bytes, bytes, bool]:
    """Return the HTTP head (``b""`` if none), the payload, and whether the payload was cut."""
    block = record.first(MOST_PAYLOAD + _MOST_HEAD)
    head = b""
    if record.record_type != "resource" and _is_http(record):
        head, block = split_head(block)
        block = b"".join(payload_parts(parse_head(head)[1], (block,)))
    if record.record_type == "revisit":
        return head, b"", False
    cut = record.size > MOST_PAYLOAD + _MOST_HEAD or len(block) > MOST_PAYLOAD
    return head, block[:MOST_PAYLOAD], cut


def _is_http(record: Record) -> bool:
    media = media_type((("content-type", record.get("content-type")),))
    return media == "application/http" or (not media and record.first(5) == b"HTTP/")


def _bare(uri: str) -> str:
    """Return the URI without the angle brackets that WARC 1.0's grammar led wget to write."""
    return uri[1:-1] if uri.startswith("<") and uri.endswith(">") else uri


def _date(text: str) -> datetime:
    """Read a W3CDTF date (WARC 1.1 allows any precision from the year to the nanosecond)."""
    year, *rest = text.split("-", 2)
    if len(rest) < 2:
        text = "-".join([year, *rest, *["01"] * (2 - len(rest))])
    date = datetime.fromisoformat(text)
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
