from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import cdxj
from archive.cdxj import Entry, lookup, url_key
from archive.warc.recover import scan
from archive.warc.revisits import RevisitIndex
from archive.warc.seal import cdxj_of
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import chunked, exchange, not_modified


def odd_archive(archive: Path, *, name: str = "demo") -> Path:
    """Seal a WARC with one of each kind of capture, and return it."""
    page = exchange("/a", b"<p>same</p>" * 100)
    sent = [
        page,
        exchange("/b?x=1&y=%E0%A4%B9", b"<p>same</p>" * 100, number=1),
        not_modified(page, 2),
        exchange("/r", b"", status="301 Moved", headers=(("Location", "/a"),), number=3),
        exchange("/no-type", b"x", headers=(), number=4),
        exchange("/हिन्दी/Page?B=2&a=1", headers=(("content-type", "TEXT/HTML ; a=b"),), number=5),
        exchange("/chunks", chunked(b"y" * 999), headers=(("Transfer-Encoding", "chunked"),)),
        exchange("/missing", b"<p>not here</p>" * 50, status="404 Not Found", number=6),
        exchange("/missing-too", b"<p>not here</p>" * 50, status="404 Not Found", number=7),
        exchange("/no-reason", status="200"),
        replace(exchange("/no-answer"), head=b"", body=b"", truncated="disconnect"),
        replace(
            exchange("/half-a-head"), head=b"HTTP/1.1 200 OK\r\nCont", body=b"", truncated="time"
        ),
        replace(exchange(), url="https://user@WWW.portal.test:8443/x y"),
        replace(exchange(), url="http://[::1]:8080/"),
    ]
    with (
        RevisitIndex(archive) as revisits,
        WarcWriter(archive / "warc", portal=name, info={}, revisits=revisits) as writer,
    ):
        places = [writer.write(one) for one in sent]
    assert sum(place.revisit for place in places) >= 3
    return archive / "warc" / places[0].warc


def by_cdxj_indexer(*warcs: Path) -> bytes:
    command = [str(Path(sys.executable).with_name("cdxj-indexer")), "--sort", *map(str, warcs)]
    return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout


def test_the_index_equals_that_of_cdxj_indexer(tmp_path: Path) -> None:
    warcs = [odd_archive(tmp_path), odd_archive(tmp_path, name="other")]
    assert (tmp_path / "index.cdxj").read_bytes() == by_cdxj_indexer(*warcs)
    assert cdxj_of(warcs[1]).read_bytes() == by_cdxj_indexer(warcs[1])


def test_reading_the_file_gives_the_lines_that_the_writer_gave(tmp_path: Path) -> None:
    warc = odd_archive(tmp_path)
    lines = sorted(entry.line() for entry in scan(warc).entries)
    assert b"".join(lines) == cdxj_of(warc).read_bytes()


def test_a_look_up_finds_every_capture_of_a_url_oldest_first(tmp_path: Path) -> None:
    odd_archive(tmp_path)
    found = lookup(tmp_path, "http://www.portal.test/a")
    assert [(entry.timestamp, entry.mime) for entry in found] == [
        ("20260301120000", "text/html"),
        ("20260301120002", "warc/revisit"),
    ]
    assert lookup(tmp_path, "http://portal.test/none") == []
    assert lookup(tmp_path / "nowhere", "http://portal.test/a") == []


def entry(path: str, second: int = 0) -> Entry:
    url = f"http://portal.test/{path}"
    return Entry(
        url_key(url), f"2026030112{second:04d}", url, "text/html", "200", "", 1, second, "w"
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text("abc/", max_size=4), st.integers(0, 9)), max_size=40))
def test_bisection_finds_what_a_scan_finds(
    tmp_path_factory: pytest.TempPathFactory, paths: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    entries = sorted({entry(*path) for path in paths}, key=Entry.line)
    cdxj.write(folder / cdxj.INDEX, entries)
    for path in ("", "a", "b/c", "zz", *(path for path, _ in paths)):
        key = url_key(f"http://portal.test/{path}")
        assert lookup(folder, f"http://portal.test/{path}") == [e for e in entries if e.key == key]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(st.text("abc/", max_size=4), st.integers(0, 9)), max_size=9)))
def test_merged_files_are_sorted_and_each_line_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, int]]]
) -> None:
    archive = tmp_path_factory.mktemp("index")
    (archive / "warc").mkdir()
    for number, paths in enumerate(files):
        added = archive / "warc" / f"{number}.cdxj"
        cdxj.write(added, [entry(*path) for path in paths])
        cdxj.merge(archive, added)
        cdxj.merge(archive, added)
    index = archive / cdxj.INDEX
    lines = index.read_bytes() if files else b""
    assert lines == b"".join(sorted({entry(*path).line() for paths in files for path in paths}))
    cdxj.rebuild(archive)
    assert index.read_bytes() == lines
