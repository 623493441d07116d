"""Which payloads the archive has already: payload digest → the first record that holds it.

The index is ``<archive>/revisits.sqlite``. It is a reading of the WARCs and can be made again.
It names a record only once that record is durable: what a writer adds is held in memory, where
that writer alone sees it, until the writer has called fsync.
"""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from archive.errors import StoreError

logger = logging.getLogger(__name__)

FILE_NAME: Final = "revisits.sqlite"

_SCHEMA: Final = """
create table if not exists payloads (
    digest text not null, form text not null, url text not null, date text not null,
    primary key (digest, form)
) without rowid;
create table if not exists urls (
    url text primary key, digest text not null, form text not null
) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Original:
    """A response record that holds a payload.

    ``date`` is its WARC-Date as written. ``form`` is what a replayer takes from the original's
    head, so that only answers alike in it may share one (``archive.warc.compose.Answer.form``).
    """

    digest: str
    form: str
    url: str
    date: str


class RevisitIndex:
    """The index of one archive. Several processes may hold it; one thread each."""

    def __init__(self, archive: Path) -> None:
        archive.mkdir(parents=True, exist_ok=True)
        path = archive / FILE_NAME
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            self._db.execute("pragma journal_mode = wal")
            # Losing the newest entries costs a second copy of a payload, never a wrong revisit.
            self._db.execute("pragma synchronous = normal")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StoreError(
                f"{path} cannot be read ({error}): delete it, then run `morestories recover`, "
                "which makes it again from the WARCs"
            ) from error
        self._payloads: dict[tuple[str, str], Original] = {}
        self._urls: dict[str, Original] = {}

    def find(self, digest: str, form: str) -> Original | None:
        """Return the original of a payload, durable or written through this index."""
        if original := self._payloads.get((digest, form)):
            return original
        return self._one(
            "select digest, form, url, date from payloads where digest = ? and form = ?",
            digest,
            form,
        )

    def latest(self, url: str) -> Original | None:
        """Return the original of the payload that ``url`` last gave with status 200."""
        if original := self._urls.get(url):
            return original
        return self._one(
            "select p.digest, p.form, p.url, p.date from urls u join payloads p"
            " on p.digest = u.digest and p.form = u.form where u.url = ?",
            url,
        )

    def _one(self, query: str, *values: str) -> Original | None:
        """Look up; a fault of the index costs a second copy of the payload, not the crawl."""
        try:
            row = self._db.execute(query, values).fetchone()
        except sqlite3.Error as error:
            logger.warning("the revisit index cannot be read, the payload is kept again: %s", error)
            return None
        return Original(*row) if row else None

    def remember(self, url: str, original: Original, *, current: bool) -> None:
        """Note that ``url`` gave the payload of ``original``; durable after :meth:`commit`.

        ``current`` says that a later 304 for ``url`` will mean this payload.
        """
        self._payloads.setdefault((original.digest, original.form), original)
        if current:
            self._urls[url] = original

    def commit(self) -> None:
        """Store what was remembered. Call it only when the records are on disk."""
        if not self._payloads:
            return
        payloads = [(o.digest, o.form, o.url, o.date) for o in self._payloads.values()]
        urls = [(url, o.digest, o.form) for url, o in self._urls.items()]
        try:
            with self._db:
                self._db.execute("begin immediate")
                self._db.executemany("insert or ignore into payloads values (?, ?, ?, ?)", payloads)
                self._db.executemany("insert or replace into urls values (?, ?, ?)", urls)
        except sqlite3.Error as error:
            logger.warning("the revisit index misses %d payloads: %s", len(payloads), error)
        self.forget()

    def forget(self) -> None:
        """Drop what was remembered and not stored: its records may not be on disk."""
        self._payloads.clear()
        self._urls.clear()

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
