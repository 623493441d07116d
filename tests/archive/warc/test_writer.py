from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastWarc
from warcio.archiveiterator import ArchiveIterator as Warcio

from archive.warc.reader import decoded, read_capture, read_captures, resolve
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import chunked, exchange, not_modified, pages

INFO = {"software": "morestories/test", "isPartOf": "demo", "robots": "obey"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "warc"


def test_an_exchange_comes_back_as_it_was_written(folder: Path) -> None:
    sent = exchange("/a", b"<p>a</p>" * 200)
    with WarcWriter(folder, portal="demo", info=INFO) as writer:
        written = writer.write(sent)
    capture = next(read_captures(resolve(folder, written.warc)))
    assert (capture.offset, capture.length) == (written.offset, written.length)
    assert capture.payload == sent.body
    assert capture.about == sent.about
    assert capture.date == sent.started
    assert capture.warcinfo["isPartOf"] == "demo"
    assert capture.status == 200
    assert capture.content_type == "text/html"
    assert capture.payload_digest == written.payload_digest
    again = read_capture(resolve(folder, written.warc), written.offset)
    assert replace(again, about=sent.about) == capture


def test_the_next_exchange_starts_where_the_last_one_ended(folder: Path) -> None:
    with WarcWriter(folder, portal="demo", info=INFO) as writer:
        places = [writer.write(page) for page in pages(5)]
        writer.sync()
        path = resolve(folder, places[0].warc)
        assert path.suffix == ".open"
        rest = list(read_captures(path, start=places[1].offset + places[1].length))
    assert [capture.url for capture in rest] == [f"http://portal.test/{n}" for n in (2, 3, 4)]
    assert all(capture.about and capture.warcinfo for capture in rest)


def test_an_open_file_ends_at_its_last_whole_exchange_wherever_it_is_cut(folder: Path) -> None:
    with WarcWriter(folder, portal="demo", info=INFO) as writer:
        places = [writer.write(page) for page in pages(3, 300)]
    whole = (folder / places[0].warc).read_bytes()
    ends = [place.offset + place.length for place in places]
    torn = folder / "torn.warc.gz.open"
    for size in range(0, len(whole) + 1, 7):
        torn.write_bytes(whole[:size])
        assert len(list(read_captures(torn))) == sum(end <= size for end in ends), size


def test_same_payload_is_kept_once(tmp_path: Path, folder: Path) -> None:
    first = exchange("/a", b"<p>same</p>" * 100)
    with (
        RevisitIndex(tmp_path) as revisits,
        WarcWriter(folder, portal="demo", info=INFO, revisits=revisits) as writer,
    ):
        writer.write(first)
        second = writer.write(exchange("/b", b"<p>same</p>" * 100, number=1))
        third = writer.write(not_modified(first, 2))
    captures = list(read_captures(folder / second.warc))
    assert second.revisit
    assert third.revisit
    assert [capture.record_type for capture in captures] == ["response", "revisit", "revisit"]
    assert [capture.status for capture in captures] == [200, 200, 304]
    assert {capture.refers_to_url for capture in captures[1:]} == {first.url}
    assert {capture.refers_to_date for capture in captures[1:]} == {first.started}


@pytest.mark.parametrize("size", [0, 1, 5_000, 9_000_000])
def test_warcio_and_fastwarc_read_every_record(folder: Path, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    sent = [
        exchange("/plain", body[:size]),
        exchange("/file", io.BytesIO(body[:size]), framing=False),
        exchange("/chunks", chunked(body[:size]), headers=(("Transfer-Encoding", "chunked"),)),
    ]
    with WarcWriter(folder, portal="demo", info=INFO) as writer:
        places = [writer.write(one) for one in sent]
    path = folder / places[0].warc
    with path.open("rb") as file:
        kinds = [(record.rec_type, record.content_stream().read()) for record in Warcio(file)]
    assert [kind for kind, _ in kinds] == ["warcinfo", *["metadata", "request", "response"] * 3]
    assert [text for kind, text in kinds if kind == "response"] == [body[:size]] * 3
    with path.open("rb") as file:
        assert all(record.verify_block_digest(False) for record in FastWarc(file, parse_http=False))
    assert [decoded(capture) for capture in read_captures(path)] == [body[:size]] * 3
