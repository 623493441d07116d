"""A file system of 300 KB that really fills up: what was kept stays whole, and is listed later."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.cdxj import INDEX
from archive.errors import DiskFull
from archive.warc.recover import recover
from archive.warc.revisits import RevisitIndex
from archive.warc.verify import verify
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import exchange
from tests.archive.warc.test_crash import kept
from tests.disks import mounted, resize

pytestmark = pytest.mark.root


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "300k") as folder:
        yield folder


def test_a_file_system_that_fills_up(disk: Path) -> None:
    """Until no exchange fits; then a seal with no room for its lists; then room again."""
    count = 0
    with RevisitIndex(disk) as revisits:
        writer = WarcWriter(disk / "warc", portal="demo", info={}, revisits=revisits)
        with pytest.raises(DiskFull, match="free some space"):
            while True:
                writer.write(exchange(f"/{count}", os.urandom(1_500)))
                count += 1
                writer.sync()
        with (disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(b"x" * 1_000)
        writer.close()
    assert count > 20
    assert kept(disk) == set(range(count))
    resize(disk, "4m")
    (result,) = recover(disk)
    assert (result.done, result.records) == ("listed", 1 + 3 * count)
    assert len((disk / INDEX).read_bytes().splitlines()) == count
    assert not verify(disk, deep=True).damages
    assert recover(disk) == []
