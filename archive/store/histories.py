"""Bring ``texts`` up to date for the stories that a batch touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
    read = frozenset(address for address, *_ in seen) | {article for _, article, *_ in seen}
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


def _sightings(
    connection: duckdb.DuckDBPyConnection, ids: set[int]
) -> list[tuple[int, int, Any, int, str, int, str]]:
    return connection.execute(
        "SELECT address, article, captured, capture, text_sha, read_from, crawl FROM sightings "
        "WHERE article IN (SELECT unnest($1::BIGINT[])) OR address IN (SELECT unnest($1::BIGINT[]))",
        [sorted(ids)],
    ).fetchall()


def _stored(connection: duckdb.DuckDBPyConnection, ids: set[int]) -> list[Row]:
    rows: list[Row] = (
        connection.execute(
            "SELECT * FROM texts WHERE article IN (SELECT unnest($1::BIGINT[]))", [sorted(ids)]
        )
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def _story(group: Group, seen: list[Any], pool: Mapping[int, Row]) -> list[Row]:
    """Return the rows that ``texts`` ought to have for one story."""
    slots = {page: number for number, page in enumerate(group.pages, 1)}
    sightings = [
        Sighting(captured, capture, slots.get(address, 0), text, read, crawl)
        for address, article, captured, capture, text, read, crawl in seen
        if address in slots or (article in group.members and address not in slots)
    ]
    own = {capture for address, _, _, capture, *_ in seen if address == group.root}
    if any(s.slot == 0 and s.capture in own for s in sightings):
        # An AMP page or another variant reads a little differently: that is no edit.
        sightings = [s for s in sightings if s.slot != 0 or s.capture in own]
    source: dict[tuple[int, str], Row] = {}
    for sighting in sorted(sightings):
        if sighting.read in pool:
            source.setdefault((sighting.slot, sighting.text), pool[sighting.read])
    rows = [_page(group, slot, row) for (slot, _), row in source.items() if group.pages]
    history = revisions(sightings)
    for number, revision in enumerate(history, 1):
        whole = put_together(source[key] for key in revision.texts)
        first = revision.first
        rows.append(
            whole
            | {
                "revision": ident("revision", group.root, first.capture),
                "article": group.root,
                "number": number,
                "latest": number == len(history),
                "first_captured": first.captured,
                "first_capture": first.capture,
                "page": None,
            }
        )
    return rows


def _page(group: Group, slot: int, row: Row) -> Row:
    """Return the row that keeps one page of a multi-page story by itself."""
    page = group.members[slot]
    return row | {
        "revision": ident("page", group.root, page, row["text_sha"]),
        "article": group.root,
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
