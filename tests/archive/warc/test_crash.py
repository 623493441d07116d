"""Kill the writer, fill the disk: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.cdxj import lookup
from archive.errors import DiskFull
from archive.warc import lock
from archive.warc.reader import read_captures, resolve
from archive.warc.recover import Recovered, recover
from archive.warc.revisits import RevisitIndex
from archive.warc.verify import verify
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import exchange, pages

ROOT = Path(__file__).parents[3]


@pytest.fixture
def killed() -> Iterator[Callable[[Path, int, float], int]]:
    """Return a function that lets a writer live for some seconds and returns its last word."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.archive.warc.killed"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout

        def kill(archive: Path, first: int, seconds: float) -> int:
            process.stdin.write(f"{archive} {first} {seconds}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield kill
        process.stdin.close()


def kept(archive: Path) -> set[int]:
    """Return the numbers of the pages that can be read, sealed or not."""
    urls = [
        capture.url
        for path in sorted((archive / "warc").glob("*.warc.gz*"))
        if path.suffix in (".gz", ".open")
        for capture in read_captures(path)
    ]
    assert len(urls) == len(set(urls))
    return {int(url.rpartition("/")[2]) for url in urls}


def test_sixty_kills_lose_nothing_that_was_acknowledged(
    tmp_path: Path, killed: Callable[[Path, int, float], int]
) -> None:
    dice = random.Random(7)
    acknowledged = 0
    for life in range(20):
        archive = tmp_path / str(life)
        expected: set[int] = set()
        for first in (0, 10_000, 20_000):
            last = killed(archive, first, dice.uniform(0.002, 0.15))
            expected |= set(range(first, last + 1))
            assert expected <= kept(archive)
        recover(archive)
        assert expected <= kept(archive)
        assert not verify(archive, deep=True).damages
        assert recover(archive) == []
        acknowledged += len(expected)
    assert acknowledged > 300


def test_a_torn_tail_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    writer = WarcWriter(tmp_path / "warc", portal="demo", info={})
    places = [writer.write(page) for page in pages(3)]
    writer.sync()
    path = resolve(tmp_path / "warc", places[0].warc)
    torn = path.read_bytes()[:-40]
    os.close(writer._fd)  # as a crash does: not sealed, the lock gone
    path.write_bytes(torn)
    end = places[1].offset + places[1].length
    (result,) = recover(tmp_path)
    sealed = tmp_path / "warc" / places[0].warc
    assert result.aside
    assert sealed.read_bytes() + result.aside.read_bytes() == torn
    assert sealed.stat().st_size > end  # the third exchange's metadata and request are whole
    assert [capture.url for capture in read_captures(sealed)] == [
        "http://portal.test/0",
        "http://portal.test/1",
    ]
    assert lookup(tmp_path, "http://portal.test/1")[0].offset == places[1].offset
    assert not verify(tmp_path, deep=True).damages


@pytest.mark.parametrize("size", [0, 1, 40])
def test_a_file_without_a_whole_record_is_set_aside(tmp_path: Path, size: int) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        name = writer.write(exchange()).warc
    stub = tmp_path / "warc" / "demo-20260101000000000-00001-abcdef.warc.gz.open"
    stub.write_bytes((tmp_path / "warc" / name).read_bytes()[:size])
    os.utime(stub, (1, 1))
    (result,) = recover(tmp_path)
    assert (result.done, result.cut) == ("set aside", size)
    assert not stub.exists()
    assert recover(tmp_path) == []


def test_a_file_that_a_power_cut_left_full_of_zeros_is_set_aside(tmp_path: Path) -> None:
    zeros = tmp_path / "warc" / "demo-20260101000000000-00001-abcdef.warc.gz.open"
    zeros.parent.mkdir()
    zeros.write_bytes(bytes(5_000))
    (result,) = recover(tmp_path)
    assert (result.done, result.cut, len(result.damages)) == ("set aside", 5_000, 1)
    assert recover(tmp_path) == []


def test_recover_leaves_a_file_that_a_writer_has_just_created(tmp_path: Path) -> None:
    new = tmp_path / "warc" / "demo-20260101000000000-00001-abcdef.warc.gz.open"
    new.parent.mkdir()
    new.touch()
    assert recover(tmp_path) == []
    assert new.exists()


def test_recover_keeps_damage_in_place_and_names_it(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        places = [writer.write(page) for page in pages(5)]
    sealed = tmp_path / "warc" / places[0].warc
    stored = bytearray(sealed.read_bytes())
    stored[places[2].offset + 100] ^= 0xFF
    crashed = tmp_path / "warc" / "demo-20260101000000000-00001-abcdef.warc.gz.open"
    crashed.write_bytes(stored)
    (result,) = recover(tmp_path)
    assert [damage.offset for damage in result.damages] == [places[2].offset]
    assert crashed.with_suffix("").read_bytes() == stored
    assert len(list(read_captures(crashed.with_suffix(""), on_damage=lambda _: None))) == 4


def test_recover_leaves_what_is_being_written_and_what_is_no_warc(tmp_path: Path) -> None:
    foreign = tmp_path / "warc" / "old.arc.gz.open"
    foreign.parent.mkdir()
    foreign.write_bytes(b"filedesc://old.arc 0.0.0.0 20010101000000 text/plain 76\n")
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        path = resolve(tmp_path / "warc", writer.write(exchange()).warc)
        assert lock.is_held(path)
        results: list[Recovered] = recover(tmp_path)
        assert path.exists()
    assert [(result.warc, result.done) for result in results] == [(foreign.name, "left")]
    assert "ARC" in str(results[0].damages[0])


def test_what_was_sealed_but_not_listed_is_listed(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        written = writer.write(exchange())
    index = (tmp_path / "index.cdxj").read_bytes()
    for name in ("fixity.jsonl", "index.cdxj", f"warc/{written.warc[:-8]}.cdxj"):
        (tmp_path / name).unlink()
    assert [result.done for result in recover(tmp_path)] == ["listed"]
    assert (tmp_path / "index.cdxj").read_bytes() == index
    assert not verify(tmp_path, deep=True).damages


def test_the_revisit_index_is_made_again_from_the_warcs(tmp_path: Path) -> None:
    page, other = exchange("/a", b"<p>same</p>" * 99), exchange("/b", b"<p>other</p>" * 99)
    with RevisitIndex(tmp_path) as revisits:
        with WarcWriter(tmp_path / "warc", portal="demo", info={}, revisits=revisits) as writer:
            for one in (page, other, exchange("/c", page.body)):
                writer.write(one)
        before = [revisits.latest(f"http://portal.test/{name}") for name in "abc"]
    assert None not in before
    (tmp_path / "revisits.sqlite").unlink()
    recover(tmp_path)
    with RevisitIndex(tmp_path) as revisits:
        assert [revisits.latest(f"http://portal.test/{name}") for name in "abc"] == before


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Return a function that lets no file of this process grow beyond some bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [4_000, 40_000])
def test_a_full_disk_leaves_whole_exchanges(
    tmp_path: Path, small_disk: Callable[[int], None], size: int
) -> None:
    writer = WarcWriter(tmp_path / "warc", portal="demo", info={})
    count = 0
    small_disk(size)
    with pytest.raises(DiskFull, match="no room left"):
        for number in range(1_000):
            writer.write(exchange(f"/{number}", os.urandom(1_500)))
            count += 1
    small_disk(resource.RLIM_INFINITY)
    sealed = writer.seal()
    assert sealed
    assert sealed.stat().st_size <= size
    assert count
    assert kept(tmp_path) == set(range(count))
    report = verify(tmp_path, deep=True)
    assert not report.damages
    assert report.records == 1 + 3 * count


def test_a_disk_full_at_the_start_leaves_nothing_behind(
    tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    writer = WarcWriter(tmp_path / "warc", portal="demo", info={})
    small_disk(100)
    with pytest.raises(DiskFull):
        writer.write(exchange())
    small_disk(resource.RLIM_INFINITY)
    assert list((tmp_path / "warc").iterdir()) == []
    writer.write(exchange())
    writer.close()
    assert len(kept_urls(tmp_path)) == 1


def kept_urls(archive: Path) -> list[str]:
    return [one.url for path in (archive / "warc").glob("*.gz") for one in read_captures(path)]


def test_a_disk_full_at_the_seal_does_not_undo_the_seal(
    tmp_path: Path, small_disk: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    writer = WarcWriter(tmp_path / "warc", portal="demo", info={})
    writer.write(exchange())
    writer.sync()
    small_disk(10)
    sealed = writer.seal()
    small_disk(resource.RLIM_INFINITY)
    assert sealed
    assert "morestories recover" in caplog.text
    assert [result.done for result in recover(tmp_path)] == ["listed"]
    assert not verify(tmp_path, deep=True).damages


def test_a_revisit_index_that_fails_costs_copies_not_the_crawl(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    body = b"<p>same</p>" * 100
    with (
        RevisitIndex(tmp_path) as revisits,
        WarcWriter(tmp_path / "warc", portal="demo", info={}, revisits=revisits) as writer,
    ):
        writer.write(exchange("/1", body))
        revisits._db.execute("drop table payloads")
        writer.sync()
        assert "misses 1 payloads" in caplog.text
        assert not writer.write(exchange("/2", body)).revisit
        writer.sync()
    assert kept(tmp_path) == {1, 2}
    assert not verify(tmp_path).damages
