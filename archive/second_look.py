"""Learn what a portal's pages have in common, and read again what that shows in another light.

After each ingest the state is the same as if all captures had been there at once: layouts are
learned from all observations, and every capture whose lines they judge otherwise than its reading
did is read again. So a rebuild gives the same rows, and what a crash left undone is done next time.
A second reading replaces the first wherever that was used: it is no revision by the publisher.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from archive.errors import DamagedRecord
from archive.extract.learning import Witness, learn, narrowed
from archive.extract.witness import is_elsewhere, judge
from archive.landed import Rows
from archive.landing import Landing
from archive.layout import Layout
from archive.pages import Page, Pages
from archive.reading import read
from archive.rows import Row
from archive.store.ids import ids
from archive.store.observed import Observed
from archive.warc.reader import read_capture

log = logging.getLogger(__name__)

_AT_ONCE = 48  # pages read again at a time; bounds memory to that many payloads
_BATCH = 1_000  # captures a transaction, or a few more


@dataclass(frozen=True, slots=True)
class _Again:
    """A capture that is to be read with ``layouts``, which take out lines of these digests."""

    capture: int
    story: int
    layouts: tuple[Layout, ...]
    dropped: tuple[int, ...]


def look_again(
    connection: duckdb.DuckDBPyConnection, landing: Landing, pages: Pages, folder: Path
) -> int:
    """Learn the layouts of portals with new observations; return how many captures were read again.

    The caller holds the writer's lock. WARC files are in ``folder``/warc. A record that cannot be
    read any more keeps its first reading.
    """
    count = 0
    for portal, observed in _grown(connection):
        seen = Observed(connection, portal)
        layouts = learn(seen.sample())
        again = [
            one.capture
            for one, dropped in seen.touched(layouts)
            if _dropped(narrowed(layouts, one), one) != dropped
        ]
        if again:
            log.info("%s: reading %d captures again with its evidence", portal, len(again))
        for some in _by_stories(_with_family(seen, layouts, again)):
            count += _reread(connection, landing, pages, folder, some)
        landing.learn(portal, layouts, observed)
    return count


def _grown(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Return the portals that have observations which no layout was learned from, and how many."""
    found: list[tuple[str, int]] = connection.execute(
        "SELECT portal, count(*) AS observed FROM observations GROUP BY portal "
        "EXCEPT SELECT portal, observed FROM layouts ORDER BY portal"
    ).fetchall()
    return found


def _dropped(layouts: Sequence[Layout], one: Witness) -> tuple[int, ...]:
    lines = one.observation.lines
    for layout in layouts:
        if is_elsewhere(layout, one.observation):
            return (layout.root,)
        return tuple(
            line.said for line, why in zip(lines, judge(layout, lines), strict=True) if why
        )
    return ()


def _with_family(
    pages: Observed, layouts: Sequence[Layout], captures: Sequence[int]
) -> Iterator[_Again]:
    """Yield all captures of the stories to read again: a story's history is made of all its texts."""
    if captures:
        for one, _ in pages.of(pages.stories(captures)):
            evidence = narrowed(layouts, one)
            yield _Again(one.capture, one.story, evidence, _dropped(evidence, one))


def _reread(
    connection: duckdb.DuckDBPyConnection,
    landing: Landing,
    pages: Pages,
    folder: Path,
    again: Sequence[_Again],
) -> int:
    """Read captures again and land that; a story of which one cannot be read stays as it is."""
    with ids(connection, [one.capture for one in again]):
        found = connection.execute("SELECT * FROM captures WHERE capture IN (FROM ids)")
        captured = {row["capture"]: row for row in found.to_arrow_table().to_pylist()}
    items: list[tuple[int, Rows]] = []
    lost: set[int] = set()
    for some in _side_by_side(again):
        for one, rows in _readings(some, captured, pages, folder):
            if rows is None or "observations" not in rows.tables:  # or too slow this time
                url = captured[one.capture]["url"]
                log.warning("%s: not read again with its portal's evidence", url)
                lost.add(one.story)
            else:
                items.append((one.story, rows))
    kept = [rows for story, rows in items if story not in lost]
    landing.replace(kept, {one.capture: one.dropped for one in again})
    return len(kept)


def _readings(
    again: Iterable[_Again], captured: Mapping[int, Row], pages: Pages, folder: Path
) -> Iterator[tuple[_Again, Rows | None]]:
    """Yield what the captures say now, read side by side; None where the record is damaged."""
    under_way: list[tuple[_Again, Page | None]] = []
    for one in again:
        row = captured[one.capture]
        try:
            capture = read_capture(_warc(folder, row["warc"]), row["warc_offset"])
            payload = read(capture)
        except (DamagedRecord, OSError) as error:
            log.warning("%s: %s", row["url"], error)
            payload = None
        page = None
        if isinstance(payload, bytes):
            page = pages.submit(row, capture, payload, one.layouts)
        under_way.append((one, page))
    for one, page in under_way:
        while page is not None and page.rows is None:
            pages.collect(1.0)
        yield one, page.rows if page is not None else None


def _warc(folder: Path, name: str) -> Path:
    sealed = folder / "warc" / name
    return sealed if sealed.exists() else sealed.with_name(f"{name}.open")


def _side_by_side(again: Sequence[_Again]) -> Iterator[Sequence[_Again]]:
    return (again[start : start + _AT_ONCE] for start in range(0, len(again), _AT_ONCE))


def _by_stories(again: Iterable[_Again]) -> Iterator[list[_Again]]:
    """Yield batches that part no story; ``again`` comes by story."""
    batch: list[_Again] = []
    for one in again:
        if len(batch) >= _BATCH and one.story != batch[-1].story:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
