"""WARCs that others wrote: warcio, FastWARC, wget, whole-file gzip, uncompressed, resources."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest

from archive.warc.message import Dechunk
from archive.warc.reader import MOST_DECODED, decoded, read_capture, read_captures
from tests.archive.warc.exchanges import chunked

PAGE = "<p>नमस्ते</p>".encode() * 400


# In a process of its own: warcio leaves temporary files for the garbage collector to close.
BY_WARCIO = """
import io, sys
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

path, compress, body = sys.argv[1], sys.argv[2] == "True", sys.stdin.buffer.read()
lines = [("Content-Type", "Text/HTML; x=y"), ("Transfer-Encoding", "chunked")]
head = StatusAndHeaders("200 OK", lines, "HTTP/1.1")
with open(path, "wb") as file:
    w = WARCWriter(file, gzip=compress)
    put, make, url = w.write_record, w.create_warc_record, "https://a.test/"
    put(w.create_warcinfo_record("a.warc", {"software": "another"}))
    put(make(url, "response", io.BytesIO(body), http_headers=head))
    put(w.create_revisit_record(url + "again", "sha1:X", url, "2020-01-02T03:04:05Z", http_headers=head))
    put(make("urn:text:a", "resource", io.BytesIO(b"plain"), warc_content_type="text/plain"))
    put(make(url, "conversion", io.BytesIO(b"no")))
"""


def by_warcio(path: Path, *, compress: bool = True) -> None:
    """Write a response, a revisit, a resource and a conversion as warcio does."""
    command = [sys.executable, "-c", BY_WARCIO, str(path), str(compress)]
    subprocess.run(command, input=chunked(PAGE), check=True, timeout=20)


def check_warcio_file(path: Path) -> None:
    response, revisit, resource = captures = list(read_captures(path))
    assert (response.status, response.content_type, response.payload) == (200, "text/html", PAGE)
    assert response.warcinfo["software"] == "another"
    assert response.about is None
    assert (revisit.record_type, revisit.status, revisit.payload) == ("revisit", 200, b"")
    assert revisit.refers_to_url == "https://a.test/"
    assert str(revisit.refers_to_date) == "2020-01-02 03:04:05+00:00"
    assert (resource.url, resource.status, resource.payload) == ("urn:text:a", None, b"plain")
    assert resource.content_type == "text/plain"
    assert [read_capture(path, capture.offset) for capture in captures] == captures
    assert list(read_captures(path, start=revisit.offset)) == captures[1:]


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc", "odd.name"])
def test_warcio(tmp_path: Path, name: str) -> None:
    by_warcio(tmp_path / name, compress=name.endswith("gz"))
    check_warcio_file(tmp_path / name)


def test_a_whole_file_in_one_gzip_member(tmp_path: Path) -> None:
    by_warcio(tmp_path / "a.warc", compress=False)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress((tmp_path / "a.warc").read_bytes()))
    check_warcio_file(path)
    assert all(capture.length == 0 for capture in read_captures(path))


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not installed here")
@pytest.mark.parametrize("options", [[], ["--no-warc-compression"]])
def test_wget(tmp_path: Path, options: list[str]) -> None:
    with site() as url:
        subprocess.run(
            ["wget", "-q", "--warc-file=w", *options, url], cwd=tmp_path, check=True, timeout=20
        )
    path = next(tmp_path.glob("w.warc*"))
    pages = [one for one in read_captures(path) if one.record_type == "response"]
    assert [(one.url, one.status, one.payload) for one in pages] == [(url, 200, PAGE)]
    assert pages[0].warcinfo["software"].startswith("Wget")


def deflated(body: bytes, wbits: int) -> bytes:
    deflate = zlib.compressobj(1, wbits=wbits)
    return deflate.compress(body) + deflate.flush()


def encoded(coding: str, body: bytes) -> bytes:
    match coding:
        case "gzip":
            return deflated(body, 31)
        case "x-gzip":
            return deflated(body[:99], 31) + deflated(body[99:], 31)
        case "deflate":
            return deflated(body, 15)
        case "Deflate":
            return deflated(body, -15)
        case "br":
            return brotli.compress(body, quality=1)
        case "gzip, br":
            return brotli.compress(deflated(body, 31), quality=1)
    return body


def stored(path: Path, coding: str, body: bytes) -> Path:
    block = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode() + body
    path.write_bytes(
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/\r\n"
        b"WARC-Date: 2020-01-02T03:04:05Z\r\nContent-Type: application/http\r\n"
        b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)
    )
    return path


@pytest.mark.parametrize(
    "coding", ["gzip", "x-gzip", "br", "deflate", "Deflate", "gzip, br", "identity"]
)
def test_content_encodings_are_undone(tmp_path: Path, coding: str) -> None:
    path = stored(tmp_path / "a.warc", coding, encoded(coding, PAGE))
    assert decoded(next(read_captures(path))) == PAGE


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_a_cut_body_gives_what_came(tmp_path: Path, coding: str) -> None:
    body = encoded(coding, b"".join(b"%d\n" % n for n in range(50_000)))
    path = stored(tmp_path / "a.warc", coding, body[: len(body) // 2])
    page = decoded(next(read_captures(path)))
    assert page.startswith(b"0\n1\n2\n")
    assert len(page) > 50_000


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "Deflate"])
def test_a_bomb_is_bounded(tmp_path: Path, coding: str) -> None:
    path = stored(tmp_path / "a.warc", coding, encoded(coding, bytes(120_000_000)))
    assert len(decoded(next(read_captures(path)))) == MOST_DECODED


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "utf-8"])
def test_a_body_that_is_not_encoded_comes_as_it_is(tmp_path: Path, coding: str) -> None:
    path = stored(tmp_path / "a.warc", coding, PAGE)
    assert decoded(next(read_captures(path))) == PAGE


@pytest.mark.parametrize("step", [1, 2, 7, 1_000])
@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n", b"abcde"),
        (b"003 \r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\nabc\n0\n\n", b"abc"),
        (b"ff\r\nonly so much came", b"only so much came"),
        (b"3\r\nabc\r\n", b"abc"),
        (b"<p>not chunked</p>\n", b"<p>not chunked</p>\n"),
        (b"abc", b"abc"),
        (b"3\r\nabc\r\n<p>broken</p>\n", b"abc<p>broken</p>\n"),
        (b"0\r\n\r\n", b""),
        (b"", b""),
    ],
)
def test_dechunk_in_pieces(step: int, body: bytes, payload: bytes) -> None:
    chunks = Dechunk()
    out = [chunks.feed(body[at : at + step]) for at in range(0, len(body), step)]
    assert b"".join(out) + chunks.close() == payload
