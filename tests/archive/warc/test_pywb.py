"""pywb replays our folder as it is: ten captures and more, bodies compared with what was served."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest

from archive.capture import Exchange
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import chunked, exchange, not_modified

pytestmark = pytest.mark.root

REQUIREMENTS = Path(__file__).with_name("pywb-requirements.txt")
DOCUMENT = Path(__file__).parents[3] / "docs" / "replay.md"
TEXT = "नमस्ते word " + " ".join(str(number**3) for number in range(900))
PAGE = f"<html><head></head><body><p>{TEXT}</p></body></html>".encode()
IMAGE = bytes(range(256)) * 40
HTML = ("Content-Type", "text/html; charset=utf-8")
GZIP, BR = ("Content-Encoding", "gzip"), ("Content-Encoding", "br")
CHUNKED = ("Transfer-Encoding", "chunked")


def other(number: int) -> bytes:
    return PAGE.replace(b"word", b"w%03d" % number)


def at(sent: Exchange, path: str, number: int) -> Exchange:
    """Return the same answer, given later and under another path."""
    return replace(sent, url=f"http://portal.test{path}", started=exchange(number=number).started)


def served() -> list[tuple[Exchange, bytes]]:
    """Return what a server sent, and the page that a browser would make of it."""
    gz = exchange("/gzip", gzip.compress(other(1), mtime=0), headers=(HTML, GZIP))
    br = exchange("/br", brotli.compress(other(2)), headers=(HTML, BR))
    chunks = exchange("/chunks", chunked(other(3)), headers=(HTML, CHUNKED), framing=False)
    both = exchange(
        "/both",
        chunked(gzip.compress(other(4), mtime=0), 99),
        headers=(HTML, CHUNKED, GZIP),
        framing=False,
    )
    plain = exchange("/plain", PAGE, headers=(HTML,))
    return [
        (plain, PAGE),
        (gz, other(1)),
        (br, other(2)),
        (chunks, other(3)),
        (both, other(4)),
        (exchange("/until-close", other(5), headers=(HTML,), framing=False), other(5)),
        (exchange("/हिन्दी/?b=2&a=1", other(6), headers=(HTML,)), other(6)),
        (exchange("/image.png", IMAGE, headers=(("Content-Type", "image/png"),)), IMAGE),
        (exchange("/missing", other(7), status="404 Not Found", headers=(HTML,)), other(7)),
        (at(plain, "/plain-again", 60), PAGE),
        (at(gz, "/gzip-again", 60), other(1)),
        (at(br, "/br-again", 60), other(2)),
        (at(chunks, "/chunks-again", 60), other(3)),
        (at(both, "/both-again", 60), other(4)),
        (at(gz, "/gzip", 120), other(1)),
        (not_modified(plain, 180), PAGE),
        (not_modified(both, 180), other(4)),
    ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    moved = exchange("/old", b"", status="301 Moved Permanently", headers=(("Location", "/plain"),))
    with (
        RevisitIndex(folder) as revisits,
        WarcWriter(folder / "warc", portal="demo", info={}, revisits=revisits) as writer,
    ):
        written = [writer.write(sent) for sent, _ in served()]
        writer.write(moved)
    assert sum(one.revisit for one in written) == 8
    return folder


def documented_commands() -> list[str]:
    """Return the commands of docs/replay.md's block of shell, one a line."""
    (block,) = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.S)
    commands: list[str] = block.splitlines()
    assert len(commands) == 3
    return commands


@pytest.fixture(scope="module")
def pywb(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run docs/replay.md's three commands on the folder; return the port."""
    home = tmp_path_factory.mktemp("pywb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The document's own words, but for where the archive is and which port is free.
    install, configure, serve = (
        line.replace("$PWD/data", str(archive)).replace("8090", str(port))
        for line in documented_commands()
    )
    env = {
        **os.environ,
        "PATH": f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(REQUIREMENTS),
        "PIP_QUIET": "1",
        "PYTHONWARNINGS": "ignore",
    }
    for command in (install, configure):
        subprocess.run(["bash", "-ec", command], cwd=home, env=env, check=True, timeout=600)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(shlex.split(serve), cwd=home, env=env, stdout=log, stderr=log)
        try:
            _wait(port, process, home / "log")
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def get(port: int, mode: str, sent: Exchange) -> tuple[int, bytes, str]:
    """Return status, body and Location of a replayed capture, asked for by its own second."""
    stamp = sent.started.strftime("%Y%m%d%H%M%S")
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        url = quote(sent.url, safe=":/?&=%")
        connection.request("GET", f"/kept/{stamp}{mode}/{url}")
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("Location", "")
    finally:
        connection.close()


@pytest.mark.parametrize("number", range(len(served())))
def test_the_body_is_what_was_served(pywb: int, number: int) -> None:
    sent, page = served()[number]
    status, body, _ = get(pywb, "id_", sent)
    assert (status, body) == (404 if "missing" in sent.url else 200, page)


@pytest.mark.parametrize("number", [n for n, (_, page) in enumerate(served()) if page != IMAGE])
def test_the_text_survives_rewriting(pywb: int, number: int) -> None:
    sent, page = served()[number]
    _, body, _ = get(pywb, "mp_", sent)
    assert page[page.index(b"<p>") :].removesuffix(b"</body></html>") in body


def test_a_redirect_leads_on(pywb: int) -> None:
    status, _, location = get(pywb, "mp_", exchange("/old"))
    assert status == 301
    assert location.endswith("/http://portal.test/plain")


def test_pywb_finds_every_line_of_the_index(pywb: int, archive: Path) -> None:
    connection = HTTPConnection("127.0.0.1", pywb, timeout=10)
    connection.request("GET", "/kept/cdx?url=portal.test&matchType=domain&output=json")
    listed = connection.getresponse().read().splitlines()
    connection.close()
    assert len(listed) == len((archive / "index.cdxj").read_bytes().splitlines())
