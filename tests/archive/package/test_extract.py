"""Chosen records leave as they are stored, each with what is about it and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import archive
from archive.errors import BadSetting, StoreError
from archive.package.choice import Choice, choose, take
from archive.package.extract import Span, copy, extract
from archive.package.sources import sources
from archive.warc.reader import read_capture, read_captures
from tests.archive.package.archives import LAST, pairs, stored
from tests.archive.store.newspaper import SITE, address

EVERYTHING = 2**62


def extracts(folder: Path, choice: Choice, into: Path) -> dict[str, Path]:
    """Write the extracts that hold a choice; return them by name."""
    made = {}
    with archive.open(folder) as connection:
        assert choose(connection, choice, most_bytes=EVERYTHING, most_pages=EVERYTHING) == 1
        for source in sources(connection, folder, take(connection, folder, 0)):
            made[source.name] = into / source.name
            made[source.name].write_bytes(b"".join(copy(source.extract)))
            assert made[source.name].stat().st_size == source.extract.size
            for entry in source.entries:
                capture = read_capture(made[source.name], entry.offset)
                assert (capture.url, capture.length) == (entry.url, entry.length)
    return made


def one_of(folder: Path, crawl: str) -> Path:
    return next(
        path
        for path in sorted((folder / "warc").glob("khabar-*.warc.gz"))
        if next(iter(read_captures(path))).warcinfo["morestories-crawl"] == crawl
    )


def test_a_whole_crawl_is_its_file(folder: Path, tmp_path: Path) -> None:
    made = extracts(folder, Choice(crawl="one"), tmp_path)
    assert list(made) == [one_of(folder, "one").name]
    assert made[one_of(folder, "one").name].read_bytes() == one_of(folder, "one").read_bytes()


def test_a_story_leaves_with_its_records_unchanged(folder: Path, tmp_path: Path) -> None:
    made = extracts(folder, Choice(sql=f"SELECT '{address(2)}' AS url"), tmp_path)
    assert [name.endswith("-extract.warc.gz") for name in made] == [True, True]
    for path in made.values():
        kept = stored(folder / "warc" / path.name.replace("-extract", ""))
        left = stored(path)
        assert left.items() <= kept.items()
        assert [kind for kind, _ in left.values()].count("warcinfo") == 1
        assert len(left) == 4
        ((capture, about),) = pairs(path)
        assert (capture.get("warc-target-uri"), sorted(about)) == (
            address(2),
            ["metadata", "request"],
        )


def test_neighbours_far_and_near_keep_their_own_records(folder: Path, tmp_path: Path) -> None:
    urls = ", ".join(f"('{address(number)}')" for number in (4, 5, 8))
    made = extracts(folder, Choice(sql=f"SELECT * FROM (VALUES {urls}) t(url)"), tmp_path)
    (path,) = made.values()
    assert [(c.get("warc-target-uri"), sorted(about)) for c, about in pairs(path)] == [
        (address(number), ["metadata", "request"]) for number in (4, 5, 8)
    ]


def test_a_revisit_brings_its_original(folder: Path, tmp_path: Path) -> None:
    made = extracts(folder, Choice(crawl="two", sql=f"SELECT '{address(1)}' AS url"), tmp_path)
    kinds = [capture.record_type for path in made.values() for capture, _ in pairs(path)]
    assert sorted(kinds) == ["response", "revisit"]


def test_a_page_brings_what_it_shows(folder: Path, tmp_path: Path) -> None:
    """Its stylesheet, and the picture that only the stylesheet names; no other page's."""
    made = extracts(folder, Choice(sql=f"SELECT '{LAST}' AS url"), tmp_path)
    (path,) = made.values()
    shown = {one.url for one in read_captures(path)}
    assert shown == {LAST, f"{SITE}/s.css", f"{SITE}/a.jpg"}


def test_records_of_another_crawler_leave_alike(folder: Path, tmp_path: Path) -> None:
    made = extracts(folder, Choice(sql="SELECT 'https://a.test/again' AS url"), tmp_path)
    (path,) = made.values()
    assert stored(path).items() < stored(folder / "warc" / "other.warc.gz").items()
    assert [one.record_type for one in read_captures(path)] == ["revisit"]


def test_requests_that_follow_their_response_are_found(tmp_path: Path) -> None:
    """As Heritrix and wget write them."""
    warc, spans = tmp_path / "a.warc", []
    with warc.open("wb") as file:
        for number in range(4):
            for kind in ("response", "request"):
                block = f"{kind} {number}".encode()
                about = f"WARC-Concurrent-To: <urn:{number}>\r\n" if kind == "request" else ""
                record_id = f"<urn:{number}>" if kind == "response" else f"<urn:r{number}>"
                head = (
                    f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {record_id}\r\n{about}"
                    f"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Length: {len(block)}\r\n\r\n"
                )
                start = file.tell()
                file.write(head.encode() + block + b"\r\n\r\n")
                if kind == "response":
                    spans.append(Span(start, file.tell()))
    made = extract(warc, [spans[1], spans[3]], spans)
    (tmp_path / "b.warc").write_bytes(b"".join(copy(made)))
    assert list(stored(tmp_path / "b.warc")) == ["<urn:1>", "<urn:r1>", "<urn:3>", "<urn:r3>"]
    assert made.places.keys() == {spans[1].start, spans[3].start}


def test_a_warc_that_was_moved_is_named(folder: Path) -> None:
    warc = one_of(folder, "three")
    hidden = warc.rename(warc.with_suffix(".hidden"))
    try:
        with archive.open(folder) as connection:
            choose(connection, Choice(crawl="three"), most_bytes=1, most_pages=1)
            with pytest.raises(StoreError, match=f"{warc.name} is not there"):
                sources(connection, folder, take(connection, folder, 0))
    finally:
        hidden.rename(warc)


def test_parts_hold_all_and_replay_alone(folder: Path) -> None:
    with archive.open(folder) as connection:
        parts = choose(connection, Choice(portal="khabar"), most_bytes=6_000, most_pages=100)
        assert parts > 2
        held = [take(connection, folder, number) for number in range(parts)]
        everything = {
            row[0]
            for row in connection.execute(
                "SELECT capture FROM captures WHERE portal = 'khabar'"
            ).fetchall()
        }
    assert {one.capture for part in held for one in part} == everything
    first = {one.entry.url for one in held[0]}
    assert f"{SITE}/feed/" in first
    again = next(part for part in held if any("revisit" in one.entry.mime for one in part))
    assert sum(one.entry.url == address(1) for one in again) == 2


def test_days_are_of_the_capture(folder: Path) -> None:
    with archive.open(folder) as connection:
        choice = Choice(portal="khabar", since="2026-03-02", until="2026-03-02")
        choose(connection, choice, most_bytes=EVERYTHING, most_pages=EVERYTHING)
        row = connection.execute("SELECT count(*) FROM wanted").fetchone()
    assert row == (5,)


@pytest.mark.parametrize(
    ("sql", "says"),
    [("SELECT 1 AS one", "names nothing to export"), ("DROP TABLE texts", "not a read")],
)
def test_a_statement_that_names_nothing_is_refused(folder: Path, sql: str, says: str) -> None:
    with archive.open(folder) as connection, pytest.raises(BadSetting, match=says):
        choose(connection, Choice(sql=sql), most_bytes=1, most_pages=1)
