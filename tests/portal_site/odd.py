"""Servers that misbehave, by name: each writes to the connection what such a server would.

They answer under ``/odd/NAME/…`` always, and at any path that ``PortalSite.misbehave`` names.
"""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Callable
from functools import cache
from io import BufferedIOBase, BytesIO

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
_PAGE = "<!doctype html><title>अजीब</title><p>यह पन्ना अजीब ढंग से आता है।</p>".encode()
Act = Callable[[BufferedIOBase, socket.socket, threading.Event], None]


def _sized(body: bytes, head: bytes = b"") -> bytes:
    return _OK + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _say(answer: bytes) -> Act:
    return lambda out, _connection, _closing: void(out.write(answer))


def void(_: object) -> None:
    """Forget a value: an Act returns nothing."""


def _slow(out: BufferedIOBase, _connection: socket.socket, closing: threading.Event) -> None:
    closing.wait(3)
    out.write(_sized(_PAGE))


def _hang(_out: BufferedIOBase, _connection: socket.socket, closing: threading.Event) -> None:
    closing.wait(120)


def _drip(out: BufferedIOBase, _connection: socket.socket, closing: threading.Event) -> None:
    out.write(_OK + b"Content-Length: 100000\r\n\r\n")
    for _ in range(120):
        out.write(b"<p>")
        out.flush()
        if closing.wait(1):
            break


def _reset(out: BufferedIOBase, connection: socket.socket, _closing: threading.Event) -> None:
    out.write(_OK + b"Content-Length: 100000\r\n\r\n<p>")
    out.flush()
    # Linger for no time: the kernel sends RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())


@cache
def _bomb(size: int) -> bytes:
    """Return ``size`` zero bytes, gzipped: about a thousandth of that."""
    packed = BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        for _ in range(size >> 20):
            file.write(b"\0" * (1 << 20))
    return packed.getvalue()


def _gzip_bomb(out: BufferedIOBase, _connection: socket.socket, _closing: threading.Event) -> None:
    out.write(_sized(_bomb(1 << 30), b"Content-Encoding: gzip\r\n"))


def _huge_robots(
    out: BufferedIOBase, _connection: socket.socket, _closing: threading.Event
) -> None:
    """Write a robots.txt of 57 MB whose first line counts and whose last is past the cap."""
    size = 57 << 20
    first, last = b"User-agent: *\nDisallow: /private/\n", b"\nDisallow: /\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
    out.write(head % size + first)
    line = b"# " + b"x" * 1021 + b"\n"
    left = size - len(first) - len(last)
    while left > 0:
        out.write(line[:left])
        left -= len(line)
    out.write(last)


def _many_links(out: BufferedIOBase, _connection: socket.socket, _closing: threading.Event) -> None:
    links = b"".join(b'<a href="/odd/404/%d">x</a>\n' % n for n in range(100_000))
    out.write(_sized(_PAGE + links))


def _wait(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"


ACTS: dict[str, Act] = {
    "slow": _slow,
    "hang": _hang,
    "drip": _drip,
    "reset": _reset,
    "close": _say(b""),
    "short": _say(_OK + b"Content-Length: 100000\r\n\r\n" + _PAGE),
    "long": _say(_OK + b"Content-Length: 20\r\n\r\n" + _PAGE),
    "garbage": _say(b"\x00\xff not HTTP at all\r\n\r\n"),
    "404": _say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    "429": _say(_wait(b"429 Too Many Requests")),
    "500": _say(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
    "503": _say(_wait(b"503 Service Unavailable")),
    "loop": _say(b"HTTP/1.1 302 Found\r\nLocation: /odd/loop/\r\nContent-Length: 0\r\n\r\n"),
    "elsewhere": _say(
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"
    ),
    "file": _say(
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
    ),
    "bad_gzip": _say(_sized(b"\x1f\x8b\x08\x00 not really gzip", b"Content-Encoding: gzip\r\n")),
    "gzip_bomb": _gzip_bomb,
    "huge_robots": _huge_robots,
    "many_links": _many_links,
}
