"""WACZ 1.1.1: chosen captures as one ZIP file that replays in a browser with nothing else.

WARCs are stored uncompressed in the ZIP, so that a viewer reads a record by a range request; the
index is CDXJ in gzip blocks with a table of their first lines. Everything is written in one pass,
so memory does not grow with the WARCs.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final

import duckdb

from archive.cdxj import Entry
from archive.package.extract import copy
from archive.package.signing import Signer
from archive.package.sources import Source
from archive.package.unfinished import whole

WACZ_VERSION: Final = "1.1.1"
BLOCK_LINES: Final = 1_024  # index lines of one gzip block

OnBytes = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Page:
    """One entry of pages.jsonl. ``ts`` is ISO 8601, UTC; ``text`` is the article's body or ""."""

    id: str
    url: str
    ts: str
    title: str
    text: str = ""

    def line(self) -> bytes:
        told = {"id": self.id, "url": self.url, "ts": self.ts, "title": self.title}
        return _line(told | ({"text": self.text} if self.text else {}))


def write_wacz(
    file: Path,
    sources: Iterable[Source],
    pages: Iterable[Page],
    *,
    title: str,
    created: datetime,
    signer: Signer | None = None,
    on_bytes: OnBytes | None = None,
) -> int:
    """Write ``file``, which appears only when it is whole; return its size in bytes.

    ``on_bytes`` is called with the bytes of WARC written since the last call. Raises ``OSError``
    where there is no room.
    """
    with (
        whole(file) as unfinished,
        zipfile.ZipFile(unfinished, "w", allowZip64=True) as zipped,
    ):
        package = _Package(zipped, created, on_bytes or (lambda _: None))
        entries: list[Entry] = []
        for source in sources:
            package.add(f"archive/{source.name}", copy(source.extract), source.extract.size)
            entries += source.entries
        package.add_index(entries)
        main = package.add_pages(pages)
        package.finish(title, main, signer)
    return file.stat().st_size


class _Package:
    """The ZIP being written, and what its datapackage.json will say of each member."""

    def __init__(self, zipped: zipfile.ZipFile, created: datetime, on_bytes: OnBytes) -> None:
        self._zip = zipped
        self._created = created.astimezone(UTC)
        self._on_bytes = on_bytes
        self._resources: list[dict[str, Any]] = []

    def add(
        self, path: str, parts: Iterable[bytes], size: int = 0, *, deflate: bool = False
    ) -> None:
        """Add a member; a WARC's ``size`` in bytes is told before, for then ZIP64 is only used by
        a member that needs it: viewers do not read a small one that does."""
        digest, written = hashlib.sha256(), 0
        with self._open(path, size, deflate) as member:
            for part in parts:
                member.write(part)
                digest.update(part)
                written += len(part)
                if size:
                    self._on_bytes(len(part))
        self._resources.append(
            {
                "name": path.rpartition("/")[2].lower(),
                "path": path,
                "hash": f"sha256:{digest.hexdigest()}",
                "bytes": written,
            }
        )

    def add_index(self, entries: list[Entry]) -> None:
        """Add the index of all records, and the table of its blocks."""
        table = [b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
        self.add("indexes/index.cdx.gz", _blocks(sorted(e.line() for e in entries), table))
        self.add("indexes/index.idx", table, deflate=True)

    def add_pages(self, pages: Iterable[Page]) -> Page | None:
        """Add the list of pages; return the first one."""
        first: list[Page] = []

        def lines() -> Iterator[bytes]:
            yield _line(
                {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
            )
            for page in pages:
                if not first:
                    first.append(page)
                yield page.line()

        self.add("pages/pages.jsonl", lines(), deflate=True)
        return first[0] if first else None

    def finish(self, title: str, main: Page | None, signer: Signer | None) -> None:
        """Add what describes the package, and the digest of that."""
        software = f"morestories/{version('morestories')}"
        described: dict[str, Any] = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": title,
            "created": _iso(self._created),
            "software": software,
            "resources": self._resources,
        }
        if main:
            described |= {"mainPageUrl": main.url, "mainPageDate": main.ts}
        package = json.dumps(described, indent=2, ensure_ascii=False).encode()
        digest = {
            "path": "datapackage.json",
            "hash": f"sha256:{hashlib.sha256(package).hexdigest()}",
        }
        told: Mapping[str, Any] = digest
        if signer:
            told = digest | {
                "signedData": signer.sign(digest["hash"], described["created"], software)
            }
        for path, data in (
            ("datapackage.json", package),
            ("datapackage-digest.json", json.dumps(told, indent=2).encode()),
        ):
            with self._open(path, len(data), deflate=True) as member:
                member.write(data)

    def _open(self, path: str, size: int, deflate: bool) -> IO[bytes]:
        member = zipfile.ZipInfo(path, self._created.timetuple()[:6])
        member.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
        member.external_attr = 0o644 << 16
        member.file_size = size
        return self._zip.open(member, "w")


def _blocks(lines: list[bytes], table: list[bytes]) -> Iterator[bytes]:
    """Yield the lines in gzip blocks, and write each block's place into ``table``."""
    offset = 0
    for at in range(0, len(lines), BLOCK_LINES):
        block = lines[at : at + BLOCK_LINES]
        data = gzip.compress(b"".join(block), mtime=0)
        place = {
            "offset": offset,
            "length": len(data),
            "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "filename": "index.cdx.gz",
        }
        first = b" ".join(block[0].split(b" ", 2)[:2])
        table.append(first + b" " + json.dumps(place).encode() + b"\n")
        offset += len(data)
        yield data


def pages_of(connection: duckdb.DuckDBPyConnection) -> Iterator[Page]:
    """Yield the pages among the captures in ``chosen``: front pages first, then every revision."""
    fronts = connection.execute("""
        SELECT c.capture, c.url, c.captured FROM captures c JOIN chosen USING (capture)
        WHERE c.kind = 'seed' AND c.type = 'text/html' AND c.status = 200
        ORDER BY c.captured, c.url
    """).fetchall()
    for capture, url, captured in fronts:
        yield Page(str(capture), url, _iso(captured), url)
    stories = connection.execute("""
        SELECT t.revision, c.url, c.captured, t.title, t.body
        FROM texts t JOIN chosen ON chosen.capture = t.read_from
        JOIN captures c ON c.capture = t.read_from
        ORDER BY t.portal, t.published, t.url, t.number
    """)
    while rows := stories.fetchmany(200):
        for revision, url, captured, title, body in rows:
            yield Page(str(revision), url, _iso(captured), title or url, body or "")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
