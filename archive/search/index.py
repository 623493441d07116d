"""The tantivy index of stories: kept in step with the tables, and made again at any time.

A document is one state of a story: its text, and the snapshots of the tables between which it
stood, so a search as of an earlier day is a filter. It holds what a hit shows, too, so that no
search waits for the tables. One writer, which holds the archive's lock; any number of readers.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import tantivy
from isal import isal_zlib

from archive.errors import DiskFull, StoreError
from archive.search.common import pairs
from archive.search.keys import VERSION, fold, key
from archive.text.words import words

log = logging.getLogger(__name__)

FOLDER = "search"
STANDS = 1 << 62  # ``gone`` of a state that nothing has replaced
_STATE = "landed.json"
_HEAP = 64_000_000  # bytes that the writer collects before it must write a segment
_CHUNK = 1_000  # stories read at a time
_BETWEEN = "|"  # stands between title, text and the rest: no phrase reaches across
# A word in the headline says more of a story than one in its text: it counts three times. One
# field with the headline three times answers in half the time of three fields with weights.
_HEADLINE = 3
_COLUMNS = (
    "article, revision, url, title, body, authors, section, tags, portal, published, published_day"
)
_SHOWN = "latest AND page IS NULL"  # rows of ``texts`` that are in ``articles``


@lru_cache(maxsize=1)
def schema() -> tantivy.Schema:
    """Return the fields.

    ``text`` is keys separated by spaces, ``pairs`` its pairs of common ones, ``forms`` the words
    with their endings; ``shown`` is a compressed ``State``.
    """
    built = tantivy.SchemaBuilder()
    for name in ("article", "day"):
        built = built.add_integer_field(name, indexed=True, fast=True)
    for name in ("revision", "landed", "gone"):
        built = built.add_integer_field(name, stored=True, indexed=True, fast=True)
    for name in ("portal", "section", "author"):
        built = built.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return (
        built.add_text_field("text", tokenizer_name="whitespace")
        .add_text_field("pairs", tokenizer_name="whitespace", index_option="freq")
        .add_text_field("forms", tokenizer_name="whitespace", index_option="basic")
        .add_boolean_field("past", indexed=True)
        .add_bytes_field("shown", stored=True, indexed=False)
        .build()
    )


@dataclass(frozen=True, slots=True)
class State:
    """A story as it stood. ``published`` is UTC; ``published_day`` is the day on the portal's clock."""

    article: int
    revision: int
    url: str
    title: str
    body: str
    authors: tuple[str, ...]
    section: str
    tags: tuple[str, ...]
    portal: str
    published: datetime | None
    published_day: date | None

    def packed(self) -> bytes:
        """Return it as compressed JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        plain = json.dumps(fields, ensure_ascii=False, default=_text)
        return isal_zlib.compress(plain.encode("utf-8", "surrogatepass"), 2)

    @classmethod
    def unpacked(cls, packed: bytes) -> State:
        """Return what ``packed`` made."""
        fields = json.loads(isal_zlib.decompress(packed).decode("utf-8", "surrogatepass"))
        published, day_ = fields["published"], fields["published_day"]
        fields["published"] = datetime.fromisoformat(published) if published else None
        fields["published_day"] = date.fromisoformat(day_) if day_ else None
        return cls(**fields)

    def document(self, landed: int, gone: int) -> tantivy.Document:
        """Return what is indexed of it; it stood from snapshot ``landed`` to before ``gone``."""
        title = [*words(self.title), _BETWEEN]
        about = words(" ".join((*self.authors, self.section, *self.tags)))
        every = title * _HEADLINE + words(self.body) + [_BETWEEN] + about
        text = [key(word) for word in every]
        made = tantivy.Document(
            article=self.article,
            revision=self.revision,
            landed=landed,
            gone=gone,
            past=gone != STANDS,
            day=number(self.published_day) if self.published_day else 0,
            portal=self.portal,
            text=" ".join(text),
            pairs=" ".join(pairs(text)),
            forms=" ".join({fold(word) for word in every}),
        )
        made.add_bytes("shown", self.packed())
        for author in dict.fromkeys(self.authors):
            made.add_text("author", author)
        if self.section:
            made.add_text("section", self.section)
        return made


def _text(value: date) -> str:
    return value.isoformat()


def number(day: date) -> int:
    """Return a day as the index holds it: 20261124."""
    return day.year * 10_000 + day.month * 100 + day.day


def open_index(folder: Path) -> tantivy.Index:
    """Return the index of the archive in ``folder`` for reading.

    Raises ``StoreError`` if there is none yet, or one by other rules than this version's.
    """
    place = folder / FOLDER
    if _state(place) is None:
        is_there = (place / _STATE).exists()
        says = "by another version of morestories" if is_there else "not there yet"
        raise StoreError(
            f"the search index in {place} is {says}: "
            f"`morestories ingest --archive {folder}` makes it from the tables"
        )
    known = (place / _STATE).stat()
    return _opened(place, known.st_ino, known.st_mtime_ns)


@lru_cache(maxsize=4)
def _opened(place: Path, _inode: int, _changed: int) -> tantivy.Index:
    """Open an index once for each time that it was written to; opening one takes 1 to 5 ms."""
    return tantivy.Index.open(str(place))


class SearchIndex:
    """The writer's side, for as long as an ingest runs."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / FOLDER
        self._writer: Any = None

    def update(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Bring the index up to the newest snapshot of the tables; return how many states moved.

        What a crash left undone is done again: what the lost run put in is taken out first.
        Raises ``DiskFull`` where the index has no room.
        """
        try:
            return self._update(connection)
        except (OSError, ValueError) as error:
            if not _is_full(error):
                raise
            self._writer = None  # it would try again to write what it holds
            raise DiskFull(
                f"no room left for the search index in {self._place}; what was landed is intact"
            ) from error

    def _update(self, connection: duckdb.DuckDBPyConnection) -> int:
        snapshot = _scalar(connection, "SELECT max(snapshot_id) FROM lake.snapshots()")
        made = _made(connection)
        landed = _state(self._place, made)
        if landed == snapshot:
            return 0
        if landed is None or landed > snapshot:
            landed = self._make(connection)
        try:
            moved = self._put(connection, landed, snapshot)
        except ValueError as error:  # tantivy's word for a file that is missing or broken
            if _is_full(error):
                raise
            log.warning("the search index in %s is broken (%s): made anew", self._place, error)
            moved = self._put(connection, self._make(connection), snapshot)
        _keep_state(self._place, snapshot, made)
        return moved

    def close(self) -> None:
        """Let background merges finish and give the writer's lock back."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def _make(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Make an empty index; return the snapshot after which all is to be put in."""
        self.close()
        if self._place.is_file():
            self._place.unlink()
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(parents=True)
        tantivy.Index(schema(), path=str(self._place))
        return _scalar(connection, "SELECT min(snapshot_id) FROM lake.snapshots()")

    def _put(self, connection: duckdb.DuckDBPyConnection, landed: int, snapshot: int) -> int:
        """Put in the states that came after snapshot ``landed``, and close those that went."""
        if landed == snapshot:
            return 0
        changes = f"lake.table_changes('texts', {landed + 1:d}, {snapshot:d})"
        went = _went(connection, changes)
        searcher = tantivy.Index.open(str(self._place)).searcher()
        moved = 0
        for revision, snapshots in went.items():
            moved += self._replace(searcher, revision, landed, snapshots[0])
        lost = tantivy.Query.range_query(
            schema(), "landed", tantivy.FieldType.Integer, landed + 1, STANDS
        )
        self._open().delete_documents_by_query(lost)
        for at, state in _came(connection, changes):
            later = went.get(state.revision, [])
            place = bisect_right(later, at)
            gone = later[place] if place < len(later) else STANDS
            self._open().add_document(state.document(at, gone))
            moved += 1
        self._open().commit()
        return moved

    def _replace(self, searcher: tantivy.Searcher, revision: int, landed: int, gone: int) -> int:
        """Note that what stood of ``revision`` at snapshot ``landed`` went at ``gone``."""
        same = tantivy.Query.term_query(schema(), "revision", revision)
        stood = 0
        for _, address in searcher.search(same, 1_000).hits:
            stored = searcher.doc(address)
            since, until = stored["landed"][0], stored["gone"][0]
            if since <= landed < until:
                that = tantivy.Query.term_query(schema(), "landed", since)
                self._open().delete_documents_by_query(same.and_must_match(that))
                state = State.unpacked(stored["shown"][0])
                self._open().add_document(state.document(since, gone))
                stood += 1
        return stood

    def _open(self) -> Any:
        if self._writer is None:
            self._writer = tantivy.Index.open(str(self._place)).writer(_HEAP, 1)
        return self._writer


def _is_full(error: Exception) -> bool:
    """Tell whether the disk is full, by the words that tantivy has of the system, too."""
    return os.strerror(errno.ENOSPC) in str(error)


def _went(connection: duckdb.DuckDBPyConnection, changes: str) -> Mapping[int, list[int]]:
    """Return, by revision, the snapshots in which its shown text was taken out, in order."""
    rows = connection.execute(
        f"SELECT DISTINCT revision, snapshot_id FROM {changes} WHERE {_SHOWN} "
        "AND change_type IN ('delete', 'update_preimage') ORDER BY ALL"
    ).fetchall()
    went: dict[int, list[int]] = defaultdict(list)
    for revision, snapshot in rows:
        went[revision].append(snapshot)
    return went


def _came(connection: duckdb.DuckDBPyConnection, changes: str) -> Iterator[tuple[int, State]]:
    """Yield what was put in, each with its snapshot."""
    result = connection.execute(
        f"SELECT snapshot_id, {_COLUMNS} FROM {changes} WHERE {_SHOWN} "
        "AND change_type IN ('insert', 'update_postimage')"
    )
    while some := result.fetchmany(_CHUNK):
        for at, *row in some:
            yield at, _state_of(*row)


def _state_of(article: int, revision: int, *row: Any) -> State:
    url, title, body, authors, section, tags, portal, published, day = row
    if published is not None:
        published = published.astimezone(UTC)
    return State(
        article, revision, url, title, body, tuple(authors or ()), section or "", tuple(tags or ()),
        portal, published, day,
    )  # fmt: skip


def _made(connection: duckdb.DuckDBPyConnection) -> str:
    """Return when the tables were made, which tells them from those of a rebuild elsewhere."""
    row = connection.execute("SELECT min(snapshot_time) FROM lake.snapshots()").fetchone()
    return str(row[0]) if row else ""


def _state(place: Path, made: str = "") -> int | None:
    """Return the snapshot that the index has come to; None if it must be made anew.

    That is so, too, where ``made`` is told and the index is one of other tables.
    """
    try:
        state = json.loads((place / _STATE).read_text(encoding="utf-8"))
        known = state["keys"] == VERSION and made in ("", state["tables"])
        return int(state["snapshot"]) if known else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep_state(place: Path, snapshot: int, made: str) -> None:
    unfinished = place / (_STATE + ".part")
    state = {"snapshot": snapshot, "keys": VERSION, "tables": made}
    unfinished.write_text(json.dumps(state), encoding="utf-8")
    unfinished.replace(place / _STATE)


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
