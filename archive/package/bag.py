"""BagIt (RFC 8493): chosen captures as a folder of files with checksums, for a deposit.

The payload is what an archive is made of: ``warc/``, their index, the portals' files, and the
manifest of sealed files. ``bagit``, the Library of Congress's own, writes the bag.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import bagit

from archive import cdxj
from archive.errors import BadSetting
from archive.fixity import MANIFEST
from archive.package.extract import copy
from archive.package.sources import Source
from archive.package.unfinished import whole
from archive.package.wacz import OnBytes

CHECKSUMS = ["sha256", "sha512"]


def write_bag(
    folder: Path,
    archive: Path,
    sources: Iterable[Source],
    portals: Iterable[str],
    *,
    info: Mapping[str, str],
    on_bytes: OnBytes | None = None,
) -> int:
    """Make the bag ``folder``, which appears only when it is whole; return its payload's bytes.

    ``info`` are fields of bag-info.txt. Raises ``BadSetting`` where the folder is there already,
    ``OSError`` where there is no room.
    """
    if folder.exists():
        raise BadSetting(f"{folder} is there already: name a folder that is not")
    with whole(folder) as unfinished:
        size = _fill(unfinished, archive, sources, portals, on_bytes or (lambda _: None))
        software = f"morestories/{version('morestories')} <bagit-python {bagit.VERSION}>"
        bagit.make_bag(
            str(unfinished), {"Bag-Software-Agent": software, **info}, checksums=CHECKSUMS
        )
    return size


def _fill(
    folder: Path,
    archive: Path,
    sources: Iterable[Source],
    portals: Iterable[str],
    on_bytes: OnBytes,
) -> int:
    """Write the payload."""
    (folder / "warc").mkdir(parents=True)
    entries: list[cdxj.Entry] = []
    size = 0
    for source in sources:
        with (folder / "warc" / source.name).open("wb") as file:
            for part in copy(source.extract):
                file.write(part)
                on_bytes(len(part))
        size += source.extract.size
        entries += source.entries
    cdxj.write(folder / cdxj.INDEX, entries)
    declared = [archive / "portals" / f"{portal}.toml" for portal in portals]
    if found := [path for path in declared if path.is_file()]:
        (folder / "portals").mkdir()
        for path in found:
            shutil.copyfile(path, folder / "portals" / path.name)
    if (archive / MANIFEST).is_file():
        shutil.copyfile(archive / MANIFEST, folder / MANIFEST)
    return size
