"""What the rules of ``crawler.health`` judge, gathered from ledger, tables, frontier and disk."""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import duckdb

from archive import cdxj
from archive.errors import ArchiveError, BadSetting
from archive.exclusions import read
from archive.ingest import landed_up_to, warc_name
from archive.ledger import Ledger
from archive.search.index import FOLDER as SEARCH
from archive.store.connection import connect
from archive.warc import lock as warc_lock
from archive.warc.reader import decoded, read_capture, resolve
from archive.warc.recover import sealed_warcs
from archive.warc.seal import OPEN, cdxj_of
from crawler import lock
from crawler.frontier import Frontier
from crawler.health import (
    ArchiveFacts,
    Evidence,
    FeedReading,
    PortalFacts,
    Story,
    Theme,
)
from crawler.homepage import read_homepage
from crawler.plan import frontier_url, next_due
from crawler.portal import Declaration, portal_files, read_named
from crawler.supervisor import NAME, due_of, next_of

RUNS: Final = 20
DAY: Final = timedelta(days=1)
WEEKS: Final = 4
_SEEN = "url, captured, status, warc, warc_offset"


def archive_facts(folder: Path, ledger: Ledger, now: datetime, floor: int) -> ArchiveFacts:
    """Gather what is known of the archive as a whole."""
    sealed = sealed_warcs(folder)
    growing = sorted((folder / "warc").glob("*" + OPEN))
    held = {path: warc_lock.is_held(path) for path in growing}
    behind = _behind(folder, [*sealed, *growing])
    indexed = cdxj.is_whole(folder)
    oldest = min((path.stat().st_mtime for path in sealed), default=None)
    return ArchiveFacts(
        now=now,
        free=shutil.disk_usage(folder).free,
        floor=floor,
        writing=[path.name for path, alive in held.items() if alive],
        abandoned=[path.name for path, alive in held.items() if not alive],
        behind=sum(behind.values()),
        behind_since=_oldest_change(behind),
        index_behind=[p.name for p in sealed if not (indexed and cdxj_of(p).is_file())],
        unsearchable=_is_unsearchable(folder),
        verified=ledger.last_check("verify"),
        oldest=None if oldest is None else datetime.fromtimestamp(oldest, UTC),
        supervised=lock.holders(folder, NAME) is not None,
        exclusions=[str(one) for one in read(folder).standing],
    )


def _is_unsearchable(folder: Path) -> bool:
    """Tell whether there are stories and no search index."""
    if (folder / SEARCH).is_dir():
        return False
    with suppress(ArchiveError, duckdb.Error), connect(folder) as connection:
        return bool(connection.execute("FROM articles LIMIT 1").fetchone())
    return False


def _behind(folder: Path, paths: list[Path]) -> dict[Path, int]:
    """Return, for each WARC file that is not wholly in the tables, how many bytes are missing."""
    try:
        landed = landed_up_to(folder)
    except (ArchiveError, duckdb.Error):
        landed = {}
    missing = {}
    for path in paths:
        with suppress(FileNotFoundError):  # sealed and renamed a moment ago
            if left := path.stat().st_size - landed.get(warc_name(path), 0):
                missing[path] = left
    return missing


def _oldest_change(paths: dict[Path, int]) -> datetime | None:
    times = []
    for path in paths:
        with suppress(FileNotFoundError):
            times.append(path.stat().st_mtime)
    return datetime.fromtimestamp(min(times), UTC) if times else None


def portal_facts(folder: Path, ledger: Ledger, now: datetime, only: str = "") -> list[PortalFacts]:
    """Gather what is known of each portal of the archive, or of one.

    Raises ``BadSetting`` if there is none of that name.
    """
    files = {name: path for name, path in portal_files(folder).items() if only in ("", name)}
    if only and not files:
        raise BadSetting(f"no portal {only!r} in {folder / 'portals'}: `morestories portal list`")
    gathered = []
    for name, path in sorted(files.items()):
        try:
            portal = read_named(path)
        except ArchiveError as error:
            gathered.append(PortalFacts(name, now, fault=str(error)))
            continue
        facts = _facts(folder, portal, ledger, now)
        if facts.scheduled or facts.runs or facts.running or only:
            gathered.append(facts)  # the bundled example is no news
    return gathered


def _facts(folder: Path, portal: Declaration, ledger: Ledger, now: datetime) -> PortalFacts:
    runs = ledger.runs(portal.id, most=RUNS)
    ended = [run for run in runs if run.ended is not None]
    if one := read(folder).of_portal(portal.id, now):
        return PortalFacts(
            portal.id, now, scheduled=bool(portal.schedule), excluded=str(one), runs=ended
        )
    waits = _waits(folder, portal, ledger, now)
    known: dict[str, Any] = {}
    with suppress(ArchiveError, duckdb.Error), connect(folder) as connection:
        known = _from_tables(connection, folder, portal, ended[0].started if ended else now, now)
    held, held_for = _held(folder, portal, now)
    return PortalFacts(
        portal=portal.id,
        now=now,
        scheduled=bool(portal.schedule),
        running=next((run for run in runs if run.ended is None), None),
        runs=ended,
        next=next_of(portal, ledger, now, lambda one: next_due(one.id, folder)),
        overdue=waits,
        held=held,
        held_for=held_for,
        **known,
    )


def _waits(folder: Path, portal: Declaration, ledger: Ledger, now: datetime) -> datetime | None:
    """Return since when a run should have started; None if none waits."""
    table = portal.timetable()
    if table is None:
        return None
    found = due_of(table, portal, ledger, now, lambda one: next_due(one.id, folder))
    if found is None:
        return None
    if ledger.covered(portal.id, now) is None and not ledger.runs(portal.id, most=1):
        return datetime.fromtimestamp(portal_files(folder)[portal.id].stat().st_mtime, UTC)
    return found.first or found.planned


def _held(folder: Path, portal: Declaration, now: datetime) -> tuple[datetime | None, str]:
    """Return until when one of the portal's hosts is left alone, and why."""
    if not (folder / "frontier.sqlite").is_file():
        return None, ""
    with closing(Frontier(frontier_url(folder))) as frontier:
        holds = frontier.holds(portal.hosts, now.timestamp())
    if not holds:
        return None, ""
    until, reason = max(holds)
    return datetime.fromtimestamp(until, UTC), reason


def _from_tables(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    portal: Declaration,
    last: datetime,
    now: datetime,
) -> dict[str, Any]:
    today = now.astimezone(portal.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    windows = _windows(connection, portal.id, last, DAY)
    days = _windows(connection, portal.id, now, max(now - today, timedelta(minutes=1)))
    stories, usual_words = _stories(connection, portal.id)
    return {
        "windows": windows,
        "today": days[0] if days else 0,
        "usual_today": median(days[1:]) if len(days) > 1 else None,
        "stories": stories,
        "usual_words": usual_words,
        "robots": _captures(connection, portal.id, "url LIKE '%/robots.txt'", 2),
        "themes": _themes(connection, folder, portal),
        "feeds": {url: _feed(connection, portal.id, url) for url in portal.feeds},
    }


def _windows(
    connection: duckdb.DuckDBPyConnection, portal: str, end: datetime, span: timedelta
) -> list[int]:
    """Count the stories published in the ``span`` up to ``end``, and so 1 to 4 weeks before.

    Weeks before the portal's oldest story are left out.
    """
    row = connection.execute(
        "SELECT min(published) FROM articles WHERE portal = ? AND published IS NOT NULL", [portal]
    ).fetchone()
    if row is None or row[0] is None:
        return []
    counts = []
    for week in range(WEEKS + 1):
        to = end - week * 7 * DAY
        if to - span < row[0] and week:
            break
        found = connection.execute(
            "SELECT count(*) FROM articles WHERE portal = ? AND published > ? AND published <= ?",
            [portal, to - span, to],
        ).fetchone()
        counts.append(found[0] if found else 0)
    return counts


def _stories(
    connection: duckdb.DuckDBPyConnection, portal: str
) -> tuple[list[Story], float | None]:
    """Return the newest stories, and the usual length of those before them."""
    rows = connection.execute(
        f"""
        WITH newest AS (SELECT words, md5(body) AS body, first_capture, published, first_captured
                        FROM articles WHERE portal = ?
                        ORDER BY coalesce(published, first_captured) DESC LIMIT 210)
        SELECT n.words, n.body, {_SEEN}
        FROM newest n JOIN captures c ON c.capture = n.first_capture
        ORDER BY coalesce(n.published, n.first_captured) DESC
        """,
        [portal],
    ).fetchall()
    stories = [Story(row[0], row[1], Evidence(*row[2:])) for row in rows]
    before = [story.words for story in stories[10:]]
    return stories[:10], median(before) if len(before) >= 10 else None


def _captures(
    connection: duckdb.DuckDBPyConnection, portal: str, where: str, most: int, *values: Any
) -> list[Evidence]:
    rows = connection.execute(
        f"SELECT {_SEEN} FROM captures WHERE portal = ? AND {where} "
        f"ORDER BY captured DESC LIMIT {most}",
        [portal, *values],
    ).fetchall()
    return [Evidence(*row) for row in rows]


def _themes(
    connection: duckdb.DuckDBPyConnection, folder: Path, portal: Declaration
) -> list[Theme]:
    """Read the theme off the home page's newest captures, newest first."""
    whole = "url = ? AND record = 'response' AND status = 200 AND truncated IS NULL"
    found = []
    for seen in _captures(connection, portal.id, whole, 10, portal.home):
        try:
            capture = read_capture(resolve(folder / "warc", seen.warc), seen.offset)
            home = read_homepage(decoded(capture), url=seen.url)
        except (ArchiveError, OSError, ValueError):
            continue  # verify tells of damage
        if home.theme:
            found.append(Theme(home.theme, seen))
    return found


def _feed(connection: duckdb.DuckDBPyConnection, portal: str, url: str) -> list[FeedReading]:
    rows = connection.execute(
        f"""
        SELECT {_SEEN}, CASE WHEN c.record = 'revisit' THEN NULL
               ELSE (SELECT count(*) FROM links l WHERE l.capture = c.capture) END
        FROM captures c WHERE c.portal = ? AND c.url = ? ORDER BY c.captured DESC LIMIT 10
        """,
        [portal, url],
    ).fetchall()
    return [FeedReading(Evidence(*row[:5]), row[5]) for row in rows]
