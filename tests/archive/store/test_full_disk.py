"""An ingest on a file system that really fills up, wherever that happens: it says so, and goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import archive
from archive.errors import DiskFull
from archive.ingest import Ingest
from archive.search.find import find
from archive.store import schema
from tests.archive.store.newspaper import write_all
from tests.disks import mounted, resize

pytestmark = [pytest.mark.root, pytest.mark.timeout(600)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "9m", "--lazy") as folder:
        yield folder


def test_each_time_there_is_a_little_more_room_an_ingest_gets_on(
    disk: Path, tmp_path: Path
) -> None:
    write_all(disk)
    used = shutil.disk_usage(disk).used // 1_000
    told = []
    for room in range(used + 8, used + 9_000, 56):
        resize(disk, f"{room}k")
        try:
            Ingest(disk, workers=1).run()
        except DiskFull as error:
            told.append(str(error))
        else:
            break
    assert len(told) > 5
    assert all(str(disk) in one for one in told)
    roomy = tmp_path / "roomy"
    shutil.copytree(disk / "warc", roomy / "warc")
    Ingest(roomy, workers=1).run()
    with archive.open(disk) as here, archive.open(roomy) as there:
        for table in schema.TABLES:
            rows = f"FROM {table.name} ORDER BY ALL"
            assert here.execute(rows).fetchall() == there.execute(rows).fetchall()
    assert find(disk, "बर्फबारी").total == find(roomy, "बर्फबारी").total > 0
