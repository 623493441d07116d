"""Whatever an exchange holds comes back, byte for byte, and nothing in it breaks a record."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastWarc
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as Warcio

from archive.capture import About, Exchange
from archive.errors import BadSetting, StoreError
from archive.link import LinkKind
from archive.warc.reader import MOST_PAYLOAD, read_captures, resolve
from archive.warc.record import read_records
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from tests.archive.test_cdxj import odd_archive
from tests.archive.warc.exchanges import START, exchange, pages

ROOT = Path(__file__).parents[3]
words = st.text(max_size=20)
abouts = st.builds(
    About,
    portal=words,
    via=words,
    kind=st.sampled_from(LinkKind),
    hops=st.integers(0, 10_000),
    robots=words,
    reservations=st.lists(st.tuples(words, words), max_size=3).map(tuple),
)
exchanges = st.builds(
    Exchange,
    url=st.text(min_size=1, max_size=30).map(lambda path: f"http://portal.test/{path}"),
    started=st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    request=st.binary(max_size=200),
    head=st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\nX: " + tail),
    body=st.binary(max_size=3_000),
    ip=st.sampled_from([None, "127.0.0.1", "::1"]),
    protocol=st.sampled_from([("http/1.1",), ("http/1.1", "tls/1.3")]),
    cipher=st.sampled_from([None, "TLS_AES_128_GCM_SHA256"]),
    truncated=st.sampled_from([None, "length", "time", "disconnect"]),
    about=abouts,
)


@settings(max_examples=60, deadline=None)
@given(sent=st.lists(exchanges, min_size=1, max_size=3))
def test_blocks_come_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, sent: list[Exchange]
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    with WarcWriter(folder / "warc", portal="demo", info={"a": "b\r\nWARC-Type: x"}) as writer:
        places = [writer.write(one) for one in sent]
    path = folder / "warc" / places[0].warc
    records = [(record.record_type, b"".join(record.parts())) for record in read_records(path)]
    assert [block for kind, block in records if kind == "request"] == [one.request for one in sent]
    assert [block for kind, block in records if kind == "response"] == [
        one.head + one.body for one in sent
    ]
    captures = list(read_captures(path))
    assert [(one.date, one.ip, one.truncated) for one in captures] == [
        (one.started, one.ip, one.truncated) for one in sent
    ]
    for capture, one in zip(captures, sent, strict=True):
        assert capture.about
        assert (capture.about.kind, capture.about.hops) == (one.about.kind, one.about.hops)
        assert len(capture.about.reservations) == len(one.about.reservations)


def test_what_is_said_about_a_capture_comes_back(tmp_path: Path) -> None:
    about = About(
        portal="demo",
        via="http://portal.test/?a=b: c",
        kind=LinkKind.MORE_STORIES,
        hops=77,
        robots="allowed",
        reservations=(("X-Robots-Tag", "noai, noimageai"), ("tdm-policy", "https://portal.test/p")),
    )
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        path = resolve(tmp_path / "warc", writer.write(replace(exchange(), about=about)).warc)
        assert next(read_captures(path)).about == about


def test_about_is_found_after_the_capture_too(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        places = [writer.write(page) for page in pages(2)]
    path = tmp_path / "warc" / places[0].warc
    parts = [path.read_bytes()[one.offset : one.offset + one.length] for one in read_records(path)]
    turned = tmp_path / "turned.warc.gz"
    turned.write_bytes(b"".join(parts[n] for n in (0, 3, 1, 2, 6, 5, 4)))
    captures = list(read_captures(turned))
    assert [one.about for one in captures] == [page.about for page in pages(2)]


def test_dates_are_utc(tmp_path: Path) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        name = writer.write(replace(exchange(), started=START.astimezone(india))).warc
    capture = next(read_captures(tmp_path / "warc" / name))
    assert (capture.date, capture.date.tzinfo) == (START, UTC)


def test_file_names_sort_by_time(tmp_path: Path) -> None:
    clock = iter(START + timedelta(milliseconds=400 * n) for n in range(99))
    writer = WarcWriter(
        tmp_path / "warc", portal="demo", info={}, roll_at=3_000, now=lambda: next(clock)
    )
    with writer:
        names = [writer.write(page).warc for page in pages(10)]
    assert len(set(names)) > 2
    assert names == sorted(names)
    assert names[0].startswith("demo-20260301120000123-00001-")


@pytest.mark.parametrize("portal", ["", "a/b", "../x", "a b", ".hidden"])
def test_a_portal_that_is_no_file_name_is_refused(tmp_path: Path, portal: str) -> None:
    with pytest.raises(BadSetting, match="file name"):
        WarcWriter(tmp_path / "warc", portal=portal, info={})


def test_a_run_without_exchanges_leaves_no_file(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        assert writer.seal() is None
    assert list((tmp_path / "warc").iterdir()) == []


def test_judges_read_every_kind_of_capture(tmp_path: Path) -> None:
    """warcio and FastWARC read each record, and the digests of what is not chunked fit."""
    path = odd_archive(tmp_path)
    ours = [record.record_id for record in read_records(path)]
    with path.open("rb") as file:
        assert [record.record_id for record in FastWarc(file, parse_http=False)] == ours
    with path.open("rb") as file:
        ids = []
        for record in Warcio(file, check_digests=True):
            record.content_stream().read()
            ids.append(record.rec_headers.get_header("WARC-Record-ID"))
            assert (
                record.digest_checker.passed is not False
                or "/chunks" in record.rec_headers.get_header("WARC-Target-URI")
            )
    assert ids == ours


def test_a_reader_that_follows_a_writer_sees_each_capture_once(tmp_path: Path) -> None:
    writer = WarcWriter(tmp_path / "warc", portal="demo", info={})
    name = writer.write(exchange("/first")).warc
    path = resolve(tmp_path / "warc", name)
    done = threading.Event()
    seen: list[str] = []

    def follow() -> None:
        start = 0
        last = False
        while not last:
            last = done.is_set()
            for capture in read_captures(path, start=start):
                seen.append(capture.url)
                start = capture.offset + capture.length

    reader = threading.Thread(target=follow)
    reader.start()
    sent = [exchange(f"/{n}", os.urandom(n * 200)) for n in range(400)]
    for one in sent:
        writer.write(one)
    done.set()
    reader.join()
    writer.close()
    assert seen == ["http://portal.test/first", *(one.url for one in sent)]


def test_a_broken_revisit_index_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "revisits.sqlite").write_bytes(b"not a database, " * 100)
    with pytest.raises(StoreError, match="morestories recover"):
        RevisitIndex(tmp_path)


def test_small_cut_and_differing_answers_are_kept_whole(tmp_path: Path) -> None:
    body = b"<p>same</p>" * 100
    with (
        RevisitIndex(tmp_path) as revisits,
        WarcWriter(tmp_path / "warc", portal="demo", info={}, revisits=revisits) as writer,
    ):
        assert not writer.write(exchange("/a", body)).revisit
        for other in (
            exchange("/small", b"x" * 99),
            exchange("/small-too", b"x" * 99),
            exchange("/b", body, status="404 Not Found"),
            exchange("/c", body, headers=(("Content-Type", "text/plain"),)),
            exchange("/d", body, headers=(("Content-Encoding", "br"),)),
            replace(exchange("/e", body), truncated="length"),
        ):
            assert not writer.write(other).revisit
        assert writer.write(exchange("/f", body)).revisit


BIG = """
import io, sys, resource, tempfile
from pathlib import Path
from archive.warc.reader import read_capture, read_captures
from archive.warc.verify import verify
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import exchange
from dataclasses import replace

archive, size = Path(sys.argv[1]), 200_000_000
with tempfile.TemporaryFile() as body, WarcWriter(archive / "warc", portal="demo", info={}) as writer:
    for _ in range(size // 1_000_000):
        body.write(bytes(range(250)) * 4_000)
    one = replace(exchange("/big", b"", framing=False), body=body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    name = writer.write(one).warc
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
assert not verify(archive, deep=True).damages
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
capture = next(read_captures(archive / "warc" / name))
again = read_capture(archive / "warc" / name, capture.offset)
assert replace(again, about=capture.about) == capture
print(len(capture.payload), capture.truncated)
"""


def test_memory_stays_flat_on_a_body_of_200_mb(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", BIG, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    written, verified, cut = result.stdout.splitlines()
    assert int(written) < 50_000  # KB
    assert int(verified) < 80_000
    assert cut == f"{MOST_PAYLOAD} length"


def test_half_a_character_in_an_address_stops_nothing(tmp_path: Path) -> None:
    odd = replace(exchange(), url="http://portal.test/\ud800\udcff", about=About(via="\ud800"))
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        name = writer.write(odd).warc
    capture = next(read_captures(tmp_path / "warc" / name))
    assert capture.url == "http://portal.test/%ED%A0%80%ED%B3%BF"
    assert capture.about == About(via="\\ud800")
