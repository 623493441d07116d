"""Bring ``texts`` up to date for the stories that a batch touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

import duckdb

from archive.keys import ident
from archive.rows import Row, put_together
from archive.store.ids import ids
from archive.store.schema import SIGHTED_BETWEEN
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
    seen = _ById(_sightings(connection, everyone))
    kept = _kept(connection, everyone)
    stories = groups(sorted(wanted), claims, seen.stories)
    moved = [group for group in stories if not _stands(group, seen.of(group), kept)]
    stored = _stored(connection, [row for g in moved for m in g.members for row in kept[m]])
    pool = {row["read_from"]: row for row in stored if row["pages"] == 1} | dict(fresh)
    rows = [row for group in moved for row in _story(group, seen.of(group), pool)]
    change, delete, insert = _difference(stored, rows)
    standing = len(stories) - len(moved)
    return replace(change, seen=change.seen + standing), delete, insert


def _claims(connection: duckdb.DuckDBPyConnection, wanted: set[int]) -> list[Claim]:
    """Return all claims that bear on ``wanted``, however many steps away."""
    asked: set[int] = set()
    found: dict[Claim, None] = {}
    todo = set(wanted)
    while todo:
        with ids(connection, todo):
            rows = connection.execute(
                "SELECT DISTINCT article, url, page, page_url, position FROM parts "
                "WHERE article IN (FROM ids) OR page IN (FROM ids)"
            ).fetchall()
        asked |= todo
        new = [Claim(*row) for row in rows]
        found |= dict.fromkeys(new)
        todo = {i for c in new for i in (c.article, c.page)} - asked
    return sorted(found, key=lambda c: (c.article, c.position, c.page_url, c.url))


def _sightings(connection: duckdb.DuckDBPyConnection, wanted: set[int]) -> list[_Seen]:
    """Return all sightings of ``wanted``. Ids lie anywhere, but what a batch shows lies together.

    So the moments of their originals are found first, in few narrow columns, and bound the rest.
    """
    with ids(connection, wanted):
        first, last = connection.execute(_MOMENTS).fetchall()[0]
        if first is None:
            return []
        found = connection.execute(
            "SELECT address, article, captured, capture, text_sha, read_from, crawl, "
            f"page_type = 'story' AS story FROM ({SIGHTED_BETWEEN}) "
            "WHERE article IN (FROM ids) OR address IN (FROM ids)",
            [first, last],
        ).to_arrow_table()
    return [_Seen(*row.values()) for row in found.to_pylist()]


_MOMENTS = """
    SELECT min(captured), max(captured) FROM (
        SELECT captured FROM readings WHERE article IN (FROM ids) OR address IN (FROM ids)
        UNION ALL
        SELECT refers_to_date FROM captures WHERE record = 'revisit' AND article IN (FROM ids))
"""


class _Kept(NamedTuple):
    """A row of ``texts`` without its text."""

    article: int
    revision: int
    number: int
    latest: bool
    read_from: int
    text_sha: str
    page: int | None
    portal: str
    published_day: date | None


def _kept(connection: duckdb.DuckDBPyConnection, wanted: set[int]) -> dict[int, list[_Kept]]:
    kept: dict[int, list[_Kept]] = defaultdict(list)
    with ids(connection, wanted):
        rows, *days = connection.execute(
            "SELECT count(*), min(published_day), max(published_day), count(published_day) < count(*) "
            "FROM texts WHERE article IN (FROM ids)"
        ).fetchall()[0]
        if not rows:
            return kept
        found = connection.execute(
            f"SELECT {', '.join(_Kept._fields)} FROM texts WHERE article IN (FROM ids) "
            "AND (published_day BETWEEN $1 AND $2 OR ($3 AND published_day IS NULL))",
            days,
        ).to_arrow_table()
    for row in found.to_pylist():
        kept[row["article"]].append(_Kept(**row))
    return kept


def _stands(group: Group, seen: list[_Seen], kept: Mapping[int, list[_Kept]]) -> bool:
    """Tell whether a story's rows are as they ought to be, without looking at any text.

    Most recaptures show what was known. A story on several pages is always worked out.
    """
    rows = kept.get(group.root, [])
    if group.pages or not rows or any(not s.story for s in seen):
        return False
    sightings = _first_page(group, seen)
    history = revisions(s.at(0) for s in sightings)
    source = _sources(s.at(0) for s in sightings)
    wanted = {
        (number, source[revision.texts[0]], revision.texts[0][1], number == len(history))
        for number, revision in enumerate(history, 1)
    }
    return wanted == {(r.number, r.read_from, r.text_sha, r.latest) for r in rows} and {
        ident("revision", group.root, revision.first.capture) for revision in history
    } == {r.revision for r in rows}


def _sources(sightings: Iterable[Sighting]) -> dict[tuple[int, str], int]:
    """Return, for each page and text, the capture that it is to be read from: the earliest."""
    source: dict[tuple[int, str], int] = {}
    for sighting in sorted(sightings):
        source.setdefault((sighting.slot, sighting.text), sighting.read)
    return source


def _stored(connection: duckdb.DuckDBPyConnection, kept: list[_Kept]) -> list[Row]:
    """Return whole rows. Their days bound the search: ids lie anywhere, days lie together."""
    if not kept:
        return []
    days = [row.published_day for row in kept if row.published_day is not None]
    bound = "published_day BETWEEN $1 AND $2" if days else "$1 IS NULL AND $2 IS NULL AND false"
    undated = "published_day IS NULL" if len(days) < len(kept) else "false"
    with ids(connection, {row.revision for row in kept}):
        rows: list[Row] = (
            connection.execute(
                f"SELECT * FROM texts WHERE ({bound} OR {undated}) AND revision IN (FROM ids)",
                [min(days, default=None), max(days, default=None)],
            )
            .to_arrow_table()
            .to_pylist()
        )
    return rows


def _first_page(group: Group, seen: list[_Seen]) -> list[_Seen]:
    """Return the sightings of a story's first page; variants count only where it was never seen.

    An AMP page or another variant reads a little differently: that is no edit.
    """
    further, members = frozenset(group.pages), frozenset(group.members)
    first = [s for s in seen if s.story and s.article in members and s.address not in further]
    return [s for s in first if s.address == group.root] or first


class _ById:
    """Sightings by the ids under which stories ask for them."""

    def __init__(self, seen: Iterable[_Seen]) -> None:
        self._by_id: dict[int, list[_Seen]] = defaultdict(list)
        for one in seen:
            for key in {one.article, one.address}:
                self._by_id[key].append(one)

    @property
    def stories(self) -> frozenset[int]:
        """The ids under which a story was seen."""
        return frozenset(i for i, seen in self._by_id.items() if any(s.story for s in seen))

    def of(self, group: Group) -> list[_Seen]:
        """Return each sighting of a story's own addresses and pages once."""
        found = {s.capture: s for member in group.members for s in self._by_id.get(member, ())}
        return list(found.values())


def _story(group: Group, seen: list[_Seen], pool: Mapping[int, Row]) -> list[Row]:
    """Return the rows that ``texts`` ought to have for one story."""
    slots = {page: number for number, page in enumerate(group.pages, 1)}
    first = _first_page(group, seen)
    sightings = [s.at(slots[s.address]) for s in seen if s.address in slots]
    sightings += [s.at(0) for s in first]
    source = {key: pool[read] for key, read in _sources(sightings).items() if read in pool}
    pages = [(group.members[slot], row) for (slot, _), row in source.items() if group.pages]
    others = [s for s in seen if not s.story and s.address not in slots]
    pages += [(s.address, pool[s.read]) for s in others if s.read in pool]
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
