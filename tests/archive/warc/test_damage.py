"""Bad input: each fault is named with file and offset, and the rest is still read."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from archive.errors import DamagedRecord, TruncatedRecord
from archive.warc.reader import read_captures
from archive.warc.record import read_records
from archive.warc.writer import WarcWriter, Written
from tests.archive.warc.exchanges import exchange, pages


def written(folder: Path, count: int = 20, size: int = 2_000) -> tuple[Path, list[Written]]:
    with WarcWriter(folder, portal="demo", info={}) as writer:
        places = [writer.write(page) for page in pages(count, size)]
    return folder / places[0].warc, places


def read(path: Path) -> tuple[list[str], list[DamagedRecord]]:
    damages: list[DamagedRecord] = []
    urls = [capture.url for capture in read_captures(path, on_damage=damages.append)]
    return urls, damages


def test_one_flipped_bit_costs_at_most_one_record(tmp_path: Path) -> None:
    path, _ = written(tmp_path, 100, 1_000)
    whole = path.read_bytes()
    urls, _ = read(path)
    dice = random.Random(3)
    for _ in range(120):
        flipped = bytearray(whole)
        at = dice.randrange(len(flipped))
        flipped[at] ^= 1 << dice.randrange(8)
        path.write_bytes(flipped)
        left, damages = read(path)
        assert len(urls) - len(left) <= 1, at
        assert len(damages) <= 1
        assert len(left) == len(urls) or damages, at
        assert all(damage.offset <= at for damage in damages)


def test_a_warc_inside_a_damaged_record_is_not_read_as_ours(tmp_path: Path) -> None:
    """A server may offer a WARC, to have its forged captures read when ours is damaged."""
    forged, _ = written(tmp_path / "forged", 3)
    with WarcWriter(tmp_path, portal="demo", info={}) as writer:
        places = [
            writer.write(one)
            for one in (
                exchange("/before", b"<p>before</p>"),
                exchange("/forged.warc.gz", forged.read_bytes()),
                exchange("/after", b"<p>after</p>"),
            )
        ]
    path = tmp_path / places[0].warc
    whole = path.read_bytes()
    members = [whole[one.offset : one.offset + one.length] for one in read_records(path)]
    loose = [gzip.compress(gzip.decompress(one), 0) for one in members]  # the body in clear
    at = sum(map(len, loose[:6]))
    assert forged.read_bytes() in loose[6]
    stored = bytearray(b"".join(loose))
    stored[at + 40] ^= 0xFF
    path.write_bytes(stored)
    urls, damages = read(path)
    assert urls == ["http://portal.test/before", "http://portal.test/after"]
    assert damages[0].offset == at
    assert all(at <= damage.offset < at + len(loose[6]) for damage in damages)


def test_a_torn_tail_that_holds_a_warc_is_a_torn_tail(tmp_path: Path) -> None:
    forged, _ = written(tmp_path, 3)
    with WarcWriter(tmp_path, portal="demo", info={}) as writer:
        name = writer.write(exchange("/before")).warc
        writer.write(exchange("/forged.warc.gz", forged.read_bytes() + b"x" * 500))
    whole = (tmp_path / name).read_bytes()
    members = [whole[one.offset : one.offset + one.length] for one in read_records(tmp_path / name)]
    loose = [gzip.compress(gzip.decompress(one), 0) for one in members]
    torn = tmp_path / f"{name}.open"
    torn.write_bytes(b"".join(loose)[:-400])
    assert read(torn) == (["http://portal.test/before"], [])


def test_a_broken_stream_in_an_open_file_is_no_torn_tail(tmp_path: Path) -> None:
    """A member that has lost its end swallows the next ones, and they are found again."""
    path, places = written(tmp_path)
    stored = path.read_bytes()
    at = places[2].offset + places[2].length - 30
    path.unlink()
    broken = path.with_name(path.name + ".open")
    broken.write_bytes(stored[:at] + stored[at + 30 :])
    urls, damages = read(broken)
    assert len(urls) == 19
    assert [damage.offset for damage in damages] == [places[2].offset]
    with pytest.raises(DamagedRecord, match=f"at byte {places[2].offset}"):
        list(read_captures(broken))


def test_damage_is_raised_where_nobody_listens(tmp_path: Path) -> None:
    path, places = written(tmp_path)
    stored = bytearray(path.read_bytes())
    stored[places[3].offset + places[3].length // 2] ^= 0xFF
    path.write_bytes(stored)
    with pytest.raises(DamagedRecord, match=f"{path.name} at byte {places[3].offset}"):
        list(read_captures(path))


def test_a_sealed_file_with_a_torn_tail_says_so(tmp_path: Path) -> None:
    path, places = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    urls, damages = read(path)
    assert len(urls) == 19
    assert [(type(damage), damage.offset) for damage in damages] == [
        (TruncatedRecord, places[-1].offset)
    ]


@pytest.mark.parametrize("garbage", [b"garbage", b"\x1f\x8b\x08\x00junk", b"\0" * 5_000])
def test_garbage_between_members_is_stepped_over(tmp_path: Path, garbage: bytes) -> None:
    path, places = written(tmp_path)
    at = places[5].offset + places[5].length
    stored = path.read_bytes()
    path.write_bytes(stored[:at] + garbage + stored[at:])
    urls, damages = read(path)
    assert len(urls) == 20
    assert [damage.offset for damage in damages] == [at]


@pytest.mark.parametrize("suffix", [".warc.gz", ".warc", ".warc.open", ".warc.gz.open"])
@pytest.mark.parametrize("said", [b"10", b"100000", b"-5", b"1e3", b""])
def test_a_length_that_lies_costs_its_record(tmp_path: Path, suffix: str, said: bytes) -> None:
    def record(number: int, length: bytes | None = None) -> bytes:
        block = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100
        return (
            b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:%d>\r\n"
            b"WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Target-URI: http://a.test/%d\r\n"
            b"Content-Type: application/http\r\nContent-Length: %s\r\n\r\n%s\r\n\r\n"
        ) % (number, number, b"%d" % len(block) if length is None else length, block)

    wrap = gzip.compress if ".gz" in suffix else bytes
    path = tmp_path / f"lies{suffix}"
    before = wrap(record(1))
    path.write_bytes(before + wrap(record(2, said)) + wrap(record(3)) + wrap(record(4)))
    urls, damages = read(path)
    assert [damage.offset for damage in damages] == [len(before)]
    assert urls == [f"http://a.test/{n}" for n in (1, 3, 4)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"filedesc://old.arc 0.0.0.0 20010101000000 text/plain 76\n1 0 X\n", "an ARC file"),
        (gzip.compress(b"filedesc://old.arc 0.0.0.0 2001 text/plain 76\n"), "an ARC file"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "compressed with zstd"),
        (b"\x5d\x2a\x4d\x18\x10\x00\x00\x00", "compressed with zstd"),
        (b"<html>no WARC</html>", "no (WARC record|gzip member) starts here"),
        (gzip.compress(b"<html>no WARC</html>"), "no (WARC record|gzip member) starts here"),
    ],
)
@pytest.mark.parametrize("name", ["foreign.warc", "foreign.warc.gz"])
def test_what_is_no_warc_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DamagedRecord, match=says) as caught:
        list(read_captures(path))
    assert (caught.value.warc, caught.value.offset) == (name, 0)
    urls, damages = read(path)
    assert not urls
    assert len(damages) == 1


def test_a_field_that_cannot_be_read_costs_its_record(tmp_path: Path) -> None:
    path = tmp_path / "dates.warc"
    record = (
        b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Date: %s\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    )
    path.write_bytes(record % b"yesterday" + record % b"2016-09" + record % b"2020-01-02T03:04:05Z")
    damages: list[DamagedRecord] = []
    dates = [capture.date for capture in read_captures(path, on_damage=damages.append)]
    assert [date.isoformat() for date in dates] == [
        "2016-09-01T00:00:00+00:00",
        "2020-01-02T03:04:05+00:00",
    ]
    assert [damage.offset for damage in damages] == [0]
