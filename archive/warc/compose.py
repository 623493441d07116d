"""An exchange as WARC 1.1 records, each one gzip member. Pure: bytes in, bytes out."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Final, Literal
from urllib.parse import quote
from uuid import uuid4

from isal import isal_zlib

from archive.capture import Exchange
from archive.warc.fields import about_fields, write_fields
from archive.warc.message import Headers, header, media_type, parse_head, payload_parts
from archive.warc.revisits import Original

Fields = list[tuple[str, str]]

IDENTICAL: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

GZIP_LEVEL: Final = 2
"""ISA-L's level; measured in docs/warc.md."""

_PIECE: Final = 1_048_576
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What must be known of a response before it can be written. Digests are ``sha256:`` + hex."""

    status: int | None
    headers: Headers
    size: int  # of the block: head and body
    block_digest: str
    payload_size: int
    payload_digest: str

    @property
    def form(self) -> str:
        """What a replayer takes from the head: media type and Content-Encoding."""
        return f"{media_type(self.headers)} {header(self.headers, 'content-encoding').lower()}"


def measure(exchange: Exchange) -> Answer:
    """Read the answer once, for its digests."""
    status, headers = parse_head(exchange.head)
    block = hashlib.sha256(exchange.head)
    size = len(exchange.head)
    payload, payload_size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for part in body_parts(exchange.body):
            block.update(part)
            size += len(part)
            yield part

    for part in payload_parts(headers, counted()):
        payload.update(part)
        payload_size += len(part)
    return Answer(
        status, headers, size, _named(block.hexdigest()), payload_size, _named(payload.hexdigest())
    )


def body_parts(body: bytes | IO[bytes]) -> Iterator[bytes]:
    """Yield a body from its start."""
    file = io.BytesIO(body) if isinstance(body, bytes) else body
    file.seek(0)
    while part := file.read(_PIECE):
        yield part


def warcinfo(name: str, date: datetime, info: Iterable[tuple[str, str]]) -> tuple[str, bytes]:
    """Return id and gzip member of the record that opens a file called ``name``."""
    block = write_fields(info)
    record_id = new_id()
    fields = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", w3c_date(date)),
        ("WARC-Filename", name),
        ("Content-Type", "application/warc-fields"),
    ]
    return record_id, member(fields, block)


def beside(exchange: Exchange, warcinfo_id: str, answer_id: str, *, revisit: bool) -> bytes:
    """Return the members that stand before the answer: ``metadata`` and ``request``.

    With ``revisit`` a second ``metadata`` record keeps the answer's exact head. It has no
    WARC-Target-URI, so that no index lists it as a capture.
    """
    request_id = new_id()
    common = [("WARC-Date", w3c_date(exchange.started)), ("WARC-Warcinfo-ID", warcinfo_id)]
    about = about_fields(exchange.about)
    if not exchange.head and exchange.truncated:
        about.append(("morestories-truncated", exchange.truncated))
    members = [
        member(
            [
                ("WARC-Type", "metadata"),
                ("WARC-Record-ID", new_id()),
                *common,
                ("WARC-Target-URI", target_uri(exchange.url)),
                ("WARC-Concurrent-To", answer_id if exchange.head else request_id),
                ("Content-Type", "application/warc-fields"),
            ],
            write_fields(about),
        ),
        member(
            [
                ("WARC-Type", "request"),
                ("WARC-Record-ID", request_id),
                *common,
                ("WARC-Target-URI", target_uri(exchange.url)),
                *([("WARC-Concurrent-To", answer_id)] if exchange.head else []),
                *_connection(exchange),
                ("Content-Type", "application/http;msgtype=request"),
            ],
            exchange.request,
        ),
    ]
    if revisit:
        head_fields = [
            ("WARC-Type", "metadata"),
            ("WARC-Record-ID", new_id()),
            *common,
            ("WARC-Concurrent-To", answer_id),
            ("Content-Type", "application/http;msgtype=response"),
        ]
        members.append(member(head_fields, exchange.head))
    return b"".join(members)


def response_fields(exchange: Exchange, answer: Answer, warcinfo_id: str, record_id: str) -> Fields:
    """Return the fields of a ``response`` record, less Content-Length."""
    return [
        *_answer_fields("response", exchange, warcinfo_id, record_id),
        *([("WARC-Truncated", exchange.truncated)] if exchange.truncated else []),
        ("WARC-Payload-Digest", answer.payload_digest),
        ("WARC-Block-Digest", answer.block_digest),
        ("Content-Type", "application/http;msgtype=response"),
    ]


def revisit(
    exchange: Exchange, original: Original, profile: str, warcinfo_id: str, record_id: str
) -> bytes:
    """Return the member of a ``revisit`` record: no block, the original named by URL and date."""
    fields = [
        *_answer_fields("revisit", exchange, warcinfo_id, record_id),
        ("WARC-Profile", profile),
        ("WARC-Refers-To-Target-URI", target_uri(original.url)),
        ("WARC-Refers-To-Date", original.date),
        ("WARC-Payload-Digest", original.digest),
        ("Content-Type", "application/http;msgtype=response"),
    ]
    return member(fields, b"")


def _answer_fields(
    kind: Literal["response", "revisit"], exchange: Exchange, warcinfo_id: str, record_id: str
) -> Fields:
    return [
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", w3c_date(exchange.started)),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Target-URI", target_uri(exchange.url)),
        *_connection(exchange),
    ]


def _connection(exchange: Exchange) -> Fields:
    fields = [("WARC-IP-Address", exchange.ip)] if exchange.ip else []
    fields += [("WARC-Protocol", protocol) for protocol in exchange.protocol]
    if exchange.cipher:
        fields.append(("WARC-Cipher-Suite", exchange.cipher))
    return fields


def member(fields: Fields, block: bytes) -> bytes:
    """Return one record as one gzip member, with its block digest."""
    if not any(name == "WARC-Block-Digest" for name, _ in fields):
        fields = [*fields, ("WARC-Block-Digest", _named(hashlib.sha256(block).hexdigest()))]
    record = b"".join((record_head(fields, len(block)), block, b"\r\n\r\n"))
    compressed: bytes = isal_zlib.compress(record, GZIP_LEVEL, 31)
    return compressed


def member_parts(fields: Fields, size: int, block: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the gzip member of a record too long to be held: ``fields`` must have its digests."""
    deflate = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, 31)
    yield deflate.compress(record_head(fields, size))
    for part in block:
        yield deflate.compress(part)
    yield deflate.compress(b"\r\n\r\n") + deflate.flush()


def record_head(fields: Fields, size: int) -> bytes:
    """Return version line, fields, Content-Length and the blank line."""
    return b"WARC/1.1\r\n" + write_fields([*fields, ("Content-Length", str(size))]) + b"\r\n"


def new_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def w3c_date(date: datetime) -> str:
    """Return a WARC-Date in UTC with microseconds."""
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def target_uri(url: str) -> str:
    """Return ``url`` fit for a field: white space, controls and brackets percent-encoded."""
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), url)


def _named(hexdigest: str) -> str:
    return f"sha256:{hexdigest}"
