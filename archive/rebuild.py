"""Make the tables again from the WARC files alone, and put them in place when they are whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from archive.errors import BadSetting
from archive.ingest import Event, Ingest, Report, warc_name
from archive.search.index import FOLDER as SEARCH
from archive.store import postgres
from archive.store.connection import warcs_of
from archive.store.lake import CATALOG, LAKE, Lake, keep, lake_of
from archive.store.lock import writer_lock

NEW = "rebuild"  # the folder in the archive where the new tables grow
_BESIDE = (f"{CATALOG}-wal", f"{CATALOG}-shm")


def rebuild(
    folder: Path,
    *,
    workers: int | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """Read all WARC files of the archive in ``folder`` anew; return what was landed.

    The old tables serve readers until the new ones are whole; then these take their place. Old
    Parquet files stay for a day, for those who still read them. Raises as ``Ingest`` does.
    """
    folder = folder.resolve()
    with writer_lock(folder, lambda: on_event(Event("waiting")) if on_event else None):
        return remake(folder, workers=workers, on_event=on_event)


def remake(
    folder: Path,
    *,
    workers: int | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """Do what :func:`rebuild` does for whoever holds the writer's lock of ``folder`` already."""
    if (folder / CATALOG).is_dir():
        raise BadSetting(f"{folder / CATALOG} is a folder, not the catalog: move it away first")
    new = folder / NEW
    shutil.rmtree(new, ignore_errors=True)  # what an interrupted rebuild left
    new.mkdir()
    lake = lake_of(folder)
    if lake.shared:
        _begin_beside(lake, new)
    report = Ingest(folder, workers=workers, on_event=on_event, tables=new).run()
    if lake.shared:
        postgres.publish(lake_of(new))
    else:
        _put_in_place(new, folder)
    shutil.rmtree(folder / SEARCH, ignore_errors=True)
    (new / SEARCH).rename(folder / SEARCH)
    shutil.rmtree(new)
    return report


def _begin_beside(lake: Lake, new: Path) -> None:
    """Let the tables of ``new`` grow in a schema of their own, beside those of the shared ``lake``.

    Raises ``BadSetting`` where the tables know WARC files that are not here: other machines' rows
    would be lost.
    """
    warcs = lake.folder / "warc"
    lost = sorted(warcs_of(lake.folder) - {warc_name(path) for path in warcs.iterdir()})
    if lost:
        raise BadSetting(
            f"the tables in {lake} hold rows of {len(lost)} WARC files that are not in {warcs} "
            f"({lost[0]} …): copy them there first, a rebuild would lose these rows"
        )
    growing = replace(lake, folder=new, schema=postgres.GROWING)
    postgres.drop(growing)
    keep(growing)


def _put_in_place(new: Path, folder: Path) -> None:
    """Move the new Parquet files beside the old ones, then swap the catalog.

    File names in a lake are unique, so nothing is overwritten, and until the last step the old
    catalog is whole. A write-ahead log must never stand beside a catalog that is not its own.
    """
    for file in sorted((new / LAKE).rglob("*.parquet")):
        target = folder / LAKE / file.relative_to(new / LAKE)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
    (folder / CATALOG).unlink(missing_ok=True)
    for name in _BESIDE:
        (folder / name).unlink(missing_ok=True)
    (new / CATALOG).rename(folder / CATALOG)
