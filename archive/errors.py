"""What can go wrong, as one small tree.

ArchiveError                what a person can act on; the message says what, where and what next
 ├── BadSetting             a broken declaration, option or query: refused at start
 ├── DamagedRecord          bytes in a WARC that are not what they should be (file and offset)
 │    └── TruncatedRecord   the file ends inside the record
 ├── Moved                  a record that the index names is not where it should be
 ├── DiskFull               nothing more can be written; what was sealed is intact
 ├── StoreError             the catalog or lake cannot be read or written
 │    ├── ArchiveBusy       another process is the writer
 │    └── NeedsPages        tables so old that the pages must be read again
 └── Unreadable             a page that no reader could read within its limits
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Base of every error that this package raises on purpose."""


class BadSetting(ArchiveError):
    """A broken setting, option, parameter or declaration."""


class DamagedRecord(ArchiveError):
    """A WARC record that cannot be read, named by file and offset."""

    def __init__(self, what: str, *, warc: str, offset: int) -> None:
        super().__init__(f"{warc} at byte {offset}: {what}")
        self.what = what
        self.warc = warc
        self.offset = offset

    def __reduce__(self) -> tuple[object, ...]:
        return _damaged, (type(self), self.what, self.warc, self.offset)


def _damaged(kind: type[DamagedRecord], what: str, warc: str, offset: int) -> DamagedRecord:
    return kind(what, warc=warc, offset=offset)


class TruncatedRecord(DamagedRecord):
    """The file ends inside the record: a torn tail."""


class Moved(ArchiveError):
    """A WARC, or the original of a revisit, that the index names and the folder does not have."""


class DiskFull(ArchiveError):
    """The file system has no room left."""


class StoreError(ArchiveError):
    """The catalog or the lake cannot be read or written."""


class ArchiveBusy(StoreError):
    """Another process holds the writer's lock."""


class NeedsPages(StoreError):
    """Tables of an older version, which only a rebuild brings up to date."""


class Unreadable(ArchiveError):
    """No reader could read the page within its limits of time and memory."""
