"""One WARC file with chosen records, each byte for byte as it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archive.errors import BadSetting
from archive.package.extract import copy
from archive.package.sources import Source
from archive.package.unfinished import whole
from archive.package.wacz import OnBytes


def write_warc(file: Path, sources: Iterable[Source], *, on_bytes: OnBytes | None = None) -> int:
    """Write ``file``, which appears only when it is whole; return its size in bytes.

    Each WARC's records follow its own ``warcinfo``. Raises ``BadSetting`` for a record that is
    stored without compression: one file is compressed or not, ``OSError`` where there is no room.
    """
    if not file.name.endswith(".warc.gz"):
        raise BadSetting(f"{file}: end the name in .warc.gz")
    with whole(file) as unfinished, unfinished.open("wb") as out:
        for source in sources:
            if not source.name.endswith(".gz"):
                raise BadSetting(
                    f"{source.name} is not compressed and cannot be a part of {file.name}: "
                    "export it with --wacz or --bagit, or choose other captures"
                )
            for part in copy(source.extract):
                out.write(part)
                if on_bytes:
                    on_bytes(len(part))
    return file.stat().st_size
