from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from archive.cli import keep
from archive.cli.common import Exit
from archive.warc.record import read_records
from archive.warc.recover import recover
from archive.warc.revisits import RevisitIndex
from archive.warc.seal import cdxj_of
from archive.warc.verify import Damage, verify
from archive.warc.writer import WarcWriter, Written
from tests.archive.warc.exchanges import chunked, exchange, pages

app = typer.Typer()
keep.register(app)


@pytest.fixture
def places(tmp_path: Path) -> list[Written]:
    page = exchange("/a", b"<p>same</p>" * 100)
    with (
        RevisitIndex(tmp_path) as revisits,
        WarcWriter(tmp_path / "warc", portal="demo", info={}, revisits=revisits) as writer,
    ):
        return [
            writer.write(one)
            for one in (
                page,
                exchange("/b", page.body, number=1),
                exchange("/c", chunked(b"x" * 999), headers=(("Transfer-Encoding", "chunked"),)),
                *pages(5),
            )
        ]


def warc(tmp_path: Path, places: list[Written]) -> Path:
    return tmp_path / "warc" / places[0].warc


def found(archive: Path, *, deep: bool = False) -> list[tuple[str, int | None]]:
    return [(damage.what, damage.offset) for damage in verify(archive, deep=deep).damages]


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Change text inside the members and compress them again, as somebody who lies would."""
    records = [
        gzip.decompress(path.read_bytes()[record.offset : record.offset + record.length])
        for record in read_records(path)
    ]
    assert any(old in record for record in records)
    path.write_bytes(b"".join(gzip.compress(record.replace(old, new)) for record in records))


def test_a_whole_archive_has_no_damage(tmp_path: Path, places: list[Written]) -> None:
    steps: list[int] = []
    report = verify(tmp_path, deep=True, progress=steps.append)
    assert report.damages == ()
    assert (report.files, report.records, report.revisits) == (1, 1 + 3 * 8, 1)
    assert report.digests == report.records + 7  # every block, and seven payloads
    assert report.unchecked == 0
    assert sum(steps) == report.bytes == warc(tmp_path, places).stat().st_size


def test_a_flipped_bit_is_named(tmp_path: Path, places: list[Written]) -> None:
    path = warc(tmp_path, places)
    stored = bytearray(path.read_bytes())
    stored[places[4].offset + 200] ^= 1
    path.write_bytes(stored)
    first, second = verify(tmp_path).damages
    assert (first.file, first.offset) == (path.name, places[4].offset)
    assert "gzip member is damaged" in first.what
    assert first.what.endswith("it held the capture of http://portal.test/1 of 20260301120001")
    assert second.what == "its SHA-256 is not that of the sealed file"


def test_a_changed_payload_is_named_by_both_digests(tmp_path: Path, places: list[Written]) -> None:
    rewrite(warc(tmp_path, places), b"<p>page 3</p>", b"<p>page 4</p>")
    what = [what for what, _ in found(tmp_path)]
    assert what[:2] == ["the block digest does not fit", "the payload digest does not fit"]


def test_a_revisit_without_its_original_is_named(tmp_path: Path, places: list[Written]) -> None:
    rewrite(
        warc(tmp_path, places), b"Target-URI: http://portal.test/a\r", b"Target-URI: http://x/\r"
    )
    rewrite(
        warc(tmp_path, places), b"To-Target-URI: http://x/", b"To-Target-URI: http://portal.test/a"
    )
    assert any(
        "the revisit's original is not in this archive" in what for what, _ in found(tmp_path)
    )


def test_what_others_left_out_is_counted_and_is_no_damage(tmp_path: Path) -> None:
    """WARC 1.0 needs no digest, and no revisit needs to name its original."""
    record = (
        b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        b"WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Target-URI: http://a.test/\r\n"
        b"Content-Type: application/http\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    )
    (tmp_path / "warc").mkdir()
    foreign = tmp_path / "warc" / "foreign.warc.gz"
    foreign.write_bytes(
        b"".join(gzip.compress(record % kind) for kind in (b"response", b"revisit"))
    )
    recover(tmp_path)
    report = verify(tmp_path, deep=True)
    assert report.damages == ()
    assert (report.records, report.digests, report.unchecked) == (2, 0, 4)


@pytest.mark.parametrize(("deep", "count"), [(False, 0), (True, 2)])
def test_deep_compares_the_index(
    tmp_path: Path, places: list[Written], deep: bool, count: int
) -> None:
    beside = cdxj_of(warc(tmp_path, places))
    beside.write_bytes(beside.read_bytes().replace(b'"offset": "', b'"offset": "1'))
    assert len(found(tmp_path, deep=deep)) == count


def test_files_that_came_or_went_are_named(tmp_path: Path, places: list[Written]) -> None:
    path = warc(tmp_path, places)
    path.rename(path.with_name("other.warc.gz"))
    (tmp_path / "warc" / "left.warc.gz.open").write_bytes(
        path.with_name("other.warc.gz").read_bytes()
    )
    assert {(damage.file, damage.what) for damage in verify(tmp_path).damages} == {
        ("other.warc.gz", "not listed in the manifest"),
        (path.name, "listed in the manifest, and not there"),
        ("left.warc.gz.open", "left open by a crawl that is gone"),
    }


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.arc.gz", gzip.compress(b"filedesc://a.arc 0.0.0.0 2001 text/plain 7\n"), "an ARC file"),
        ("a.warc.zst", b"\x28\xb5\x2f\xfd\x04\x00", "compressed with zstd"),
        ("a.warc.gz", b"", "the file is empty"),
    ],
)
def test_what_is_no_warc_is_named_and_the_rest_is_read(
    tmp_path: Path, places: list[Written], name: str, content: bytes, what: str
) -> None:
    (tmp_path / "warc" / name).write_bytes(content)
    report = verify(tmp_path, deep=True)
    assert report.records == 25
    (damage,) = report.damages
    assert (damage.file, damage.offset) == (name, 0)
    assert what in damage.what
    (result,) = recover(tmp_path)
    assert (result.warc, result.done) == (name, "left")


def test_what_is_being_written_is_read_and_is_no_damage(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        name = writer.write(exchange()).warc
        report = verify(tmp_path, deep=True)
    assert report.unfinished == (name + ".open",)
    assert report.records == 4
    assert report.damages == ()


def test_every_damage_says_what_can_be_done(tmp_path: Path, places: list[Written]) -> None:
    path = warc(tmp_path, places)
    path.write_bytes(path.read_bytes()[:-9])
    (tmp_path / "index.cdxj").unlink()
    (tmp_path / "fixity.jsonl").write_bytes(b"{}\n")
    damages: tuple[Damage, ...] = verify(tmp_path, deep=True).damages
    assert len(damages) == 5
    assert all(damage.remedy for damage in damages)


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, args)
    return result.exit_code, result.stdout


def test_the_commands_tell_a_script(tmp_path: Path, places: list[Written]) -> None:
    code, text = run("verify", "--archive", str(tmp_path), "--json", "--deep")
    told = json.loads(text)
    assert (code, told["whole"], told["records"], told["damages"]) == (Exit.OK, True, 25, [])
    path = warc(tmp_path, places)
    path.write_bytes(path.read_bytes()[:-9])
    code, text = run("verify", "--archive", str(tmp_path), "--json")
    assert code == Exit.DAMAGED
    assert [damage["offset"] for damage in json.loads(text)["damages"]] == [places[-1].offset, None]
    assert json.loads(run("recover", "--archive", str(tmp_path), "--json")[1]) == []


def test_the_commands_tell_a_person(tmp_path: Path, places: list[Written]) -> None:
    code, text = run("verify", "--archive", str(tmp_path))
    assert code == Exit.OK
    assert "All is whole" in text
    path = warc(tmp_path, places)
    path.rename(path.with_name(path.name + ".open"))
    code, text = run("verify", "--archive", str(tmp_path))
    assert code == Exit.DAMAGED
    assert "run `morestories recover`" in text
    code, text = run("recover", "--archive", str(tmp_path))
    assert (code, "sealed" in text) == (Exit.OK, True)
    assert "Nothing to recover" in run("recover", "--archive", str(tmp_path))[1]
