"""Bring ``texts`` up to date for the stories that a batch touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import duckdb

from archive.store.keys import ident
from archive.store.rows import Row, put_together
from archive.store.stories import Claim, Group, Sighting, groups, revisions

# What may differ between a stored row and the row that ought to be there under the same id.
_COMPARED = ("article", "number", "latest", "read_from", "text_sha", "page", "pages", "portal")


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch did to stories. ``new`` and ``changed`` are ids; ``seen`` counts all of them."""

    new: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    seen: int = 0


class _Seen(NamedTuple):
    address: int
    article: int
    captured: datetime
    capture: int
    text: str
    read: int
    crawl: str
    story: bool

    def at(self, slot: int) -> Sighting:
        return Sighting(self.captured, self.capture, slot, self.text, self.read, self.crawl)


def update(
    connection: duckdb.DuckDBPyConnection, touched: Iterable[int], fresh: Mapping[int, Row]
) -> tuple[Change, list[int], list[Row]]:
    """Work out the stories that ``touched`` ids belong to, from all their sightings.

    ``fresh`` has the text rows that the batch read, by capture. Returns the change, the ids of
    the rows of ``texts`` to delete, and the rows to insert; writes nothing itself.
    """
    wanted = set(touched)
    if not wanted:
        return Change(), [], []
    claims = _claims(connection, wanted)
    everyone = wanted | {c.article for c in claims} | {c.page for c in claims}
    seen = _sightings(connection, everyone)
    read = frozenset(i for s in seen if s.story for i in (s.address, s.article))
    stored = _stored(connection, everyone)
    pool = {row["read_from"]: row for row in stored if row["pages"] == 1} | dict(fresh)
    wanted_rows: list[Row] = []
    for group in groups(sorted(wanted), claims, read):
        wanted_rows += _story(group, seen, pool)
    return _difference(stored, wanted_rows)


def _claims(connection: duckdb.DuckDBPyConnection, wanted: set[int]) -> list[Claim]:
    """Return all claims that bear on ``wanted``, however many steps away."""
    asked: set[int] = set()
    found: dict[Claim, None] = {}
    todo = set(wanted)
    while todo:
        rows = connection.execute(
            "SELECT DISTINCT article, url, page, page_url, position FROM parts "
            "WHERE article IN (SELECT unnest($1::BIGINT[])) OR page IN (SELECT unnest($1::BIGINT[]))",
            [sorted(todo)],
        ).fetchall()
        asked |= todo
        new = [Claim(*row) for row in rows]
        found |= dict.fromkeys(new)
        todo = {i for c in new for i in (c.article, c.page)} - asked
    return sorted(found, key=lambda c: (c.article, c.position, c.page_url, c.url))


def _sightings(connection: duckdb.DuckDBPyConnection, ids: set[int]) -> list[_Seen]:
    found = connection.execute(
        "SELECT address, article, captured, capture, text_sha, read_from, crawl, "
        "page_type = 'story' FROM sightings "
        "WHERE article IN (SELECT unnest($1::BIGINT[])) OR address IN (SELECT unnest($1::BIGINT[]))",
        [sorted(ids)],
    ).fetchall()
    return [_Seen(*row) for row in found]


def _stored(connection: duckdb.DuckDBPyConnection, ids: set[int]) -> list[Row]:
    rows: list[Row] = (
        connection.execute(
            "SELECT * FROM texts WHERE article IN (SELECT unnest($1::BIGINT[]))", [sorted(ids)]
        )
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def _story(group: Group, seen: list[_Seen], pool: Mapping[int, Row]) -> list[Row]:
    """Return the rows that ``texts`` ought to have for one story."""
    slots = {page: number for number, page in enumerate(group.pages, 1)}
    parts = [s.at(slots[s.address]) for s in seen if s.address in slots]
    here = [s for s in seen if s.article in group.members and s.address not in slots]
    first = [s for s in here if s.story]
    if own := [s for s in first if s.address == group.root]:
        first = own  # an AMP page or another variant reads a little differently: that is no edit
    sightings = sorted(parts + [s.at(0) for s in first])
    source: dict[tuple[int, str], Row] = {}
    for sighting in sightings:
        if sighting.read in pool:
            source.setdefault((sighting.slot, sighting.text), pool[sighting.read])
    pages = [(group.members[slot], row) for (slot, _), row in source.items() if group.pages]
    pages += [(s.address, pool[s.read]) for s in here if not s.story and s.read in pool]
    rows = {row["revision"]: row for row in (_page(group.root, *page) for page in pages)}
    return [*rows.values(), *(_revisions(group.root, sightings, source) if first else ())]


def _revisions(
    root: int, sightings: list[Sighting], source: Mapping[tuple[int, str], Row]
) -> Iterator[Row]:
    history = revisions(sightings)
    for number, revision in enumerate(history, 1):
        first = revision.first
        yield put_together(source[key] for key in revision.texts) | {
            "revision": ident("revision", root, first.capture),
            "article": root,
            "number": number,
            "latest": number == len(history),
            "first_captured": first.captured,
            "first_capture": first.capture,
            "page": None,
        }


def _page(root: int, page: int, row: Row) -> Row:
    """Return the row that keeps by itself one page of a story, or of what may turn out one."""
    return row | {
        "revision": ident("page", root, page, row["text_sha"]),
        "article": root,
        "number": 0,
        "latest": False,
        "first_captured": None,
        "first_capture": row["read_from"],
        "page": page,
    }


def _difference(stored: list[Row], wanted: list[Row]) -> tuple[Change, list[int], list[Row]]:
    old = {row["revision"]: row for row in stored}
    new = {row["revision"]: row for row in wanted}
    delete = [i for i, row in old.items() if i not in new or _differs(row, new[i])]
    insert = [row for i, row in new.items() if i not in old or _differs(row, old[i])]
    before, after = _counts(stored), _counts(wanted)
    change = Change(
        frozenset(a for a in after if a not in before),
        frozenset(a for a, n in after.items() if a in before and n > before[a]),
        len(after),
    )
    return change, delete, insert


def _differs(one: Row, other: Row) -> bool:
    return any(one[name] != other[name] for name in _COMPARED)


def _counts(rows: list[Row]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for row in rows:
        if row["page"] is None:
            counts[row["article"]] += 1
    return counts
