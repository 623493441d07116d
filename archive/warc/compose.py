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
from archive.warc.fields import about_fields, head_field, write_fields
from archive.warc.message import (
    Headers,
    header,
    is_chunked,
    media_type,
    parse_head,
    payload_parts,
)
from archive.warc.revisits import Original

Fields = list[tuple[str, str]]

IDENTICAL: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

GZIP_LEVEL: Final = 2
"""ISA-L's level; measured in docs/warc.md."""

_PIECE: Final = 1_048_576
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[<>]")


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
        return form(self.status, self.headers)


def form(status: int | None, headers: Headers) -> str:
    """Return what must be alike, beside the payload, for one record to stand in for another.

    A replayer joins the revisit's head to the original's body as stored, so the two must share
    Content-Encoding and chunking; status and media type keep answers of a kind together.
    """
    coding = header(headers, "content-encoding").lower() or "identity"
    framing = "chunked" if is_chunked(headers) else "plain"
    return f"{status} {media_type(headers)} {coding} {framing}"


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


def beside(exchange: Exchange, warcinfo_id: str, answer_id: str, *, keep_head: bool) -> bytes:
    """Return the members that stand before the answer: ``metadata`` and ``request``.

    With ``keep_head`` the metadata keeps the answer's exact head: a 304's revisit has none.
    """
    request_id = new_id()
    common = [
        ("WARC-Date", w3c_date(exchange.started)),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Target-URI", target_uri(exchange.url)),
    ]
    metadata = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", new_id()),
        *common,
        ("WARC-Concurrent-To", answer_id if exchange.head else request_id),
        ("Content-Type", "application/warc-fields"),
    ]
    request = [
        ("WARC-Type", "request"),
        ("WARC-Record-ID", request_id),
        *common,
        *([("WARC-Concurrent-To", answer_id)] if exchange.head else []),
        *_connection(exchange),
        ("Content-Type", "application/http;msgtype=request"),
    ]
    about = about_fields(exchange.about)
    if keep_head:
        about.append(head_field(exchange.head))
    if not exchange.head:
        about.append(("morestories-no-answer", exchange.truncated or "unspecified"))
    return member(metadata, write_fields(about)) + member(request, exchange.request)


def response_fields(exchange: Exchange, answer: Answer, warcinfo_id: str, record_id: str) -> Fields:
    """Return the fields of a ``response`` record, less Content-Length."""
    return [
        *_answer_fields("response", exchange, warcinfo_id, record_id),
        *([("WARC-Truncated", exchange.truncated)] if exchange.truncated else []),
        ("WARC-Payload-Digest", answer.payload_digest),
        ("WARC-Block-Digest", answer.block_digest),
        ("Content-Type", "application/http;msgtype=response"),
    ]


def revisit(exchange: Exchange, original: Original, warcinfo_id: str, record_id: str) -> bytes:
    """Return the member of a ``revisit`` record, the original named by URL and date.

    It holds the answer's head; a 304's block is empty instead, or pywb would replay the 304.
    """
    not_modified = is_not_modified(exchange)
    fields = [
        *_answer_fields("revisit", exchange, warcinfo_id, record_id),
        ("WARC-Profile", NOT_MODIFIED if not_modified else IDENTICAL),
        ("WARC-Refers-To-Target-URI", target_uri(original.url)),
        ("WARC-Refers-To-Date", original.date),
        ("WARC-Payload-Digest", original.digest),
        ("Content-Type", "application/http;msgtype=response"),
    ]
    return member(fields, b"" if not_modified else exchange.head)


def is_not_modified(exchange: Exchange) -> bool:
    return parse_head(exchange.head)[0] == 304


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
    return date.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def target_uri(url: str) -> str:
    """Return ``url`` as a URI (RFC 3986): what may not stand in one is percent-encoded as UTF-8."""
    return _UNSAFE.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), url)


def _named(hexdigest: str) -> str:
    return f"sha256:{hexdigest}"
