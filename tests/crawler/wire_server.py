"""A server of raw sockets that plays bytes as told, and records what it read and sent.

Nothing here knows HTTP beyond finding where a request ends: what a case sends is what its author
wrote, however wrong. It also plays an HTTP proxy (absolute-form targets, and CONNECT).
"""

from __future__ import annotations

import contextlib
import datetime
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pause:
    """Wait, so that what was sent arrives apart from what follows."""

    seconds: float = 0.02


@dataclass(frozen=True)
class Repeat:
    """Send ``block`` many times: a body too large to hold."""

    block: bytes
    times: int


@dataclass(frozen=True)
class End:
    """How the connection ends: ``close``, ``drop``, ``reset``, ``hang`` until the client goes.

    Under TLS ``close`` says so (close_notify) and ``drop`` does not.
    """

    how: str


@dataclass(frozen=True)
class CloseIfReused:
    """Close without a word if the connection has answered before: a stale keep-alive."""


Step = bytes | Pause | Repeat | End | CloseIfReused


@dataclass
class Sent:
    """One request as read, and what was sent for it."""

    target: str
    request: bytes
    sent: bytearray = field(default_factory=bytearray)
    connection: int = 0


class WireServer:
    """Play ``script(path)`` for every request; ``log`` holds what happened, in order of arrival."""

    def __init__(self, script: Callable[[str], tuple[Step, ...]], certificate: Path | None = None):
        self.script = script
        self.log: list[Sent] = []
        self.connects: list[bytes] = []
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._stopping = False
        self._serial = 0

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._serial += 1
            thread = threading.Thread(
                target=self._guarded, args=(connection, self._serial), daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def _guarded(self, connection: socket.socket, serial: int) -> None:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            self._adopt(connection, stack)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None and self._starts_tls(connection):
                connection = self._wrap(connection, stack)
            self._serve(connection, serial, stack)

    def _adopt(self, connection: socket.socket, stack: contextlib.ExitStack) -> None:
        """Close ``connection`` when its thread ends, and let the server's end reach it."""
        self._open.add(connection)
        stack.callback(self._open.discard, connection)
        stack.callback(connection.close)

    def _starts_tls(self, connection: socket.socket) -> bool:
        return connection.recv(1, socket.MSG_PEEK) == b"\x16"  # a handshake record

    def _wrap(self, connection: socket.socket, stack: contextlib.ExitStack) -> ssl.SSLSocket:
        assert self._context is not None
        wrapped = self._context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
        self._adopt(wrapped, stack)
        wrapped.do_handshake()
        return wrapped

    def _serve(self, connection: socket.socket, serial: int, stack: contextlib.ExitStack) -> None:
        buffer = b""
        answered = 0
        while not self._stopping:
            request, buffer = _read_request(connection, buffer)
            if not request:
                return
            method, target, _ = request.split(b" ", 2)
            if method == b"CONNECT":
                self.connects.append(request)
                if self._context is None:
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                    return
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                connection = self._wrap(connection, stack)
                continue
            entry = Sent(target.decode(), request, connection=serial)
            self.log.append(entry)
            if not self._play(connection, entry, answered):
                return
            answered += 1

    def _play(self, connection: socket.socket, entry: Sent, answered: int) -> bool:
        """Tell whether the connection stays open."""
        path = re.sub(r"^[a-z]+://[^/]*", "", entry.target)
        for step in self.script(path):
            match step:
                case Pause(seconds):
                    time.sleep(seconds)
                case Repeat(block, times):
                    for _ in range(times):
                        connection.sendall(block)
                case CloseIfReused():
                    if answered:
                        return False
                case End("close"):
                    if isinstance(connection, ssl.SSLSocket):
                        connection.settimeout(2)
                        connection.unwrap()
                    return False
                case End("drop"):
                    return False
                case End("reset"):
                    _reset(connection)
                    return False
                case End(_):
                    while connection.recv(4096):
                        pass
                    return False
                case bytes():
                    entry.sent += step
                    connection.sendall(step)
        return True


def _reset(connection: socket.socket) -> None:
    """Reset once the client has read what was sent, for a reset destroys what it has not."""
    for _ in range(2000):
        if _unread(connection) == 0:
            break
        time.sleep(0.005)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _unread(connection: socket.socket) -> int:
    """Return how many bytes the client, on this machine, has still to read."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        time.sleep(0.5)
        return 0
    client, server = connection.getpeername()[1], connection.getsockname()[1]
    for line in table.read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if (local[-4:], remote[-4:]) == (f"{client:04X}", f"{server:04X}"):
            return int(queues.partition(":")[2], 16)
    return 0


def _read_request(connection: socket.socket, buffer: bytes) -> tuple[bytes, bytes]:
    """Return one request and what came after it; empty when the client has gone."""
    while b"\r\n\r\n" not in buffer:
        data = connection.recv(65536)
        if not data:
            return b"", b""
        buffer += data
    head = buffer.partition(b"\r\n\r\n")[0]
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    size = len(head) + 4 + (int(length[1]) if length else 0)
    while len(buffer) < size:
        buffer += connection.recv(65536)
    return buffer[:size], buffer[size:]


def make_certificate(path: Path) -> Path:
    """Write a self-signed certificate with its key for 127.0.0.1 to ``path``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
