"""What crawls brought, counted in the tables: true however and by whom they were landed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from archive.errors import ArchiveError
from archive.store.connection import connect

_OF_CRAWLS = """
WITH mine AS (SELECT capture, crawl FROM captures WHERE list_contains($crawls, crawl)),
read AS (
    SELECT s.crawl, s.article FROM sightings s JOIN mine USING (capture)
    WHERE s.page_type = 'story' GROUP BY ALL),
told AS (
    SELECT mine.crawl, t.article, min(t.number) AS number
    FROM texts t JOIN mine ON t.first_capture = mine.capture WHERE t.page IS NULL GROUP BY ALL)
SELECT crawl, count(*) FILTER (number = 1), count(*) FILTER (number > 1),
       count(*) FILTER (number IS NULL)
FROM (SELECT crawl, article, number FROM read FULL JOIN told USING (crawl, article)) GROUP BY crawl
"""


def stories_of(folder: Path, crawls: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return, for each crawl, how many stories it found ``new``, ``changed`` and ``unchanged``.

    A crawl that found none, or whose rows cannot be had now, is left out.
    """
    try:
        with connect(folder) as connection:
            rows = connection.execute(_OF_CRAWLS, {"crawls": list(crawls)}).fetchall()
    except (ArchiveError, duckdb.Error):
        return {}
    return {
        crawl: {"new": new, "changed": changed, "unchanged": unchanged}
        for crawl, new, changed, unchanged in rows
    }
