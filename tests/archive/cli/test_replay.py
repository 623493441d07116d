"""Where ``morestories open`` leads, and what it takes for a running replay."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.cli.replay import origin, replays
from archive.errors import BadSetting
from archive.replay import tables


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Answer one connection with ``answer``, whatever it asks."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def once() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        http(b"[1]"),
        http(b'"ok"'),
        http(b'{"status": "up"}'),
        http(b"<p>"),
    ],
)
def test_another_service_is_no_replay(tmp_path: Path, answer: bytes) -> None:
    with answering(answer) as port:
        assert not replays(tmp_path, "127.0.0.1", port)


def test_a_replay_is_known_by_its_archive(tmp_path: Path) -> None:
    told = '{"morestories": "replay", "archive": "%s"}'
    with answering(http((told % tmp_path).encode())) as port:
        assert replays(tmp_path, "127.0.0.1", port)
    with answering(http((told % "elsewhere").encode())) as port, pytest.raises(BadSetting):
        replays(tmp_path, "127.0.0.1", port)


def test_an_ipv6_host_has_brackets() -> None:
    assert origin("::1", 8089) == "http://[::1]:8089"
    assert origin("127.0.0.1", 8089) == "http://127.0.0.1:8089"


@pytest.mark.parametrize("text", ["\u00b2", "\u0967\u096e", "9" * 40, "a.example/18", ""])
def test_what_is_no_storys_id(text: str) -> None:
    assert tables.is_id("18")
    assert not tables.is_id(text)
