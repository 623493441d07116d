"""The replay as a real server on loopback, and a client that looks at every byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from archive.replay import serve


@dataclass(frozen=True)
class Got:
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Server:
    """Where a replay listens."""

    port: int

    def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        """Ask for ``path`` as it stands; ``accept_datetime=…`` is a header."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, told, answer.read())
        finally:
            connection.close()


@contextmanager
def replaying(archive: Path, **options: Any) -> Iterator[Server]:
    """Serve ``archive`` from a thread of this process."""
    with serve.replaying(archive, socket.create_server(("127.0.0.1", 0)), **options) as port:
        yield Server(port)
