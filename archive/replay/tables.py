"""What the replay shows out of the archive's tables; all of it is optional, captures are not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from archive.errors import ArchiveError
from archive.rows import article_id
from archive.search.find import Hits, Only, find
from archive.store.connection import connect

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PortalDays:
    """One portal and how many captures each day has. ``home`` may be ""."""

    id: str
    name: str
    home: str
    captures: int
    stories: int
    days: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A story as a link needs it: ``seen`` is when the capture was made that it was read from."""

    article: int
    url: str
    title: str
    seen: datetime


@contextmanager
def _asked(archive: Path) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """Open the tables; None where there are none, so that replay works from WARCs alone."""
    try:
        connection = connect(archive)
    except ArchiveError as error:
        logger.info("replaying without tables: %s", error)
        yield None
        return
    with connection:
        yield connection


def portals(archive: Path, only: str = "") -> list[PortalDays]:
    """Return the portals (or the one) with their days; [] without tables."""
    with _asked(archive) as connection:
        if connection is None:
            return []
        days: dict[str, list[tuple[date, int]]] = {}
        for portal, day, count in connection.execute(
            "SELECT portal, captured::DATE AS day, count(*) FROM captures "
            "WHERE $1 = '' OR portal = $1 GROUP BY ALL ORDER BY ALL",
            [only],
        ).fetchall():
            days.setdefault(portal, []).append((day, count))
        named = {
            portal: (name, home)
            for portal, name, home in connection.execute(
                "SELECT portal, name, home FROM portals"
            ).fetchall()
        }
        stories = dict(
            connection.execute("SELECT portal, count(*) FROM articles GROUP BY portal").fetchall()
        )
    told = []
    for portal, found in days.items():
        name, home = named.get(portal, ("", ""))
        number = sum(count for _, count in found)
        told.append(PortalDays(portal, name, home, number, stories.get(portal, 0), tuple(found)))
    return told


_STORY = (
    "SELECT a.article, a.url, a.title, c.captured FROM articles a "
    "JOIN captures c ON c.capture = a.read_from WHERE a.article = ?"
)


def is_id(text: str) -> bool:
    """Tell whether ``text`` is written as an article's id.

    >>> is_id("18"), is_id("²"), is_id("https://khabar.test/18")
    (True, False, False)
    """
    return text.isascii() and text.isdecimal() and len(text) <= 19  # 63 bits


def story(archive: Path, url_or_id: str) -> Told | None:
    """Return the story of an address or of an article's id; None if there is none."""
    with _asked(archive) as connection:
        if connection is None:
            return None
        ids = [int(url_or_id)] if is_id(url_or_id) else [article_id(url_or_id)]
        if not is_id(url_or_id):  # the story may go by a canonical address that is not this one
            ids += [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT article FROM readings WHERE url = ? AND page_type = 'story'",
                    [url_or_id],
                ).fetchall()
            ]
        for one in ids:
            if row := connection.execute(_STORY, [one]).fetchone():
                return Told(*row)
    return None


def revisions(archive: Path, article: int) -> list[tuple[int, str, str, str, datetime, datetime]]:
    """Return number, address, title, body, first seen and capture read from, oldest first."""
    with _asked(archive) as connection:
        if connection is None:
            return []
        return connection.execute(
            "SELECT t.number, t.url, t.title, t.body, t.first_captured, c.captured FROM texts t "
            "JOIN captures c ON c.capture = t.read_from "
            "WHERE t.article = ? AND t.page IS NULL ORDER BY t.number",
            [article],
        ).fetchall()


def newest(archive: Path, portal: str, limit: int) -> list[Told]:
    """Return the stories captured last; [] without tables."""
    with _asked(archive) as connection:
        if connection is None:
            return []
        rows = connection.execute(
            "SELECT a.article, a.url, a.title, c.captured FROM articles a "
            "JOIN captures c ON c.capture = a.read_from "
            "WHERE $1 = '' OR a.portal = $1 ORDER BY c.captured DESC, a.article LIMIT $2",
            [portal, limit],
        ).fetchall()
    return [Told(*row) for row in rows]


def search(archive: Path, words: str, portal: str, limit: int = 20) -> Hits:
    """Return the stories that ``words`` find; raises as ``archive.search.find`` does."""
    return find(archive, words, Only(portal=portal or None), limit=limit)
