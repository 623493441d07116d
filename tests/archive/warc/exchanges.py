"""Exchanges as a server could have answered them, for the tests of this folder."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from archive.capture import About, Exchange
from archive.link import LinkKind

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def exchange(
    path: str = "/",
    body: bytes | io.BytesIO = b"<p>page</p>",
    *,
    status: str = "200 OK",
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),),
    framing: bool = True,
    number: int = 0,
) -> Exchange:
    """Return an exchange with ``http://portal.test`` started ``number`` seconds after START."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    if framing:
        size = len(body if isinstance(body, bytes) else body.getvalue())
        lines.append(f"Content-Length: {size}")
    return Exchange(
        url=f"http://portal.test{path}",
        started=START + timedelta(seconds=number),
        request=f"GET {path} HTTP/1.1\r\nHost: portal.test\r\n\r\n".encode(),
        head="\r\n".join([*lines, "", ""]).encode(),
        body=body,
        ip="127.0.0.1",
        about=About(portal="demo", via="http://portal.test/", kind=LinkKind.SECTION, hops=2),
    )


def pages(count: int, size: int = 2_000) -> list[Exchange]:
    """Return ``count`` distinct pages of about ``size`` bytes."""
    return [
        exchange(f"/{n}", f"<p>page {n}</p>".encode() + b"%06d " % n * (size // 7), number=n)
        for n in range(count)
    ]


def chunked(data: bytes, size: int = 1_000) -> bytes:
    """Return ``data`` in the chunked transfer coding."""
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def not_modified(of: Exchange, number: int) -> Exchange:
    """Return a 304 answer for the URL of ``of``."""
    return replace(
        of,
        started=START + timedelta(seconds=number),
        head=b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
        body=b"",
    )
