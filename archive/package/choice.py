"""Which captures leave the archive: by portal, days, crawl, or an SQL statement that names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
from w3lib.url import safe_url_string

from archive.cdxj import Entry
from archive.errors import BadSetting, DamagedRecord
from archive.links.listed import absolute
from archive.links.requisites import read_requisites
from archive.query import day, select
from archive.warc.reader import decoded, read_capture, resolve

# A revisit replays only beside its original, wherever in the archive that is.
_ORIGINALS: Final = """
    INSERT INTO chosen BY NAME
    SELECT DISTINCT o.capture FROM captures r JOIN chosen USING (capture)
    JOIN captures o ON o.url = r.refers_to_url AND o.captured = r.refers_to_date
    WHERE r.record = 'revisit' AND o.record <> 'revisit'
      AND o.capture NOT IN (SELECT capture FROM chosen)
"""
# Pages, stylesheets and moved requisites; of a revisit the record that holds the body.
_PAGES: Final = """
    SELECT DISTINCT c.url, coalesce(o.warc, c.warc), coalesce(o.warc_offset, c.warc_offset)
    FROM captures c JOIN fresh USING (capture)
    LEFT JOIN captures o ON c.record = 'revisit' AND o.record <> 'revisit'
         AND o.url = c.refers_to_url AND o.captured = c.refers_to_date
    WHERE (c.record <> 'revisit' OR o.capture IS NOT NULL)
      AND (coalesce(o.type, c.type) IN ('text/html', 'text/css')
           AND coalesce(o.status, c.status) = 200
           OR c.kind = 'requisite' AND c.status BETWEEN 300 AND 399)
"""
_FOUND: Final = """
    CREATE OR REPLACE TEMP TABLE fresh AS
    SELECT DISTINCT c.capture FROM captures c JOIN needed n USING (url)
    WHERE c.kind = 'requisite' AND c.capture NOT IN (SELECT capture FROM chosen)
"""
_KEYS: Final = {
    "capture": "c.capture = n.capture",
    "article": "c.article = n.article",
    "url": "c.url = n.url",
}
_TYPES: Final = {"capture": pa.int64(), "article": pa.int64(), "url": pa.string()}


@dataclass(frozen=True, slots=True)
class Choice:
    """Captures of one portal, made from and up to a day (UTC, inclusive), in one crawl.

    ``sql`` is a SELECT that names what is wanted: its column ``capture``, ``article`` or ``url``
    (the first of these that it has). All that is given must hold.
    """

    portal: str | None = None
    since: str | None = None
    until: str | None = None
    crawl: str | None = None
    sql: str | None = None

    def where(self) -> tuple[str, list[Any]]:
        """Return an SQL condition on ``captures c`` and the values to bind."""
        tests: list[tuple[str, Any]] = []
        if self.portal is not None:
            tests.append(("c.portal = ?", self.portal))
        if self.since is not None:
            tests.append(("c.captured::DATE >= ?", day(self.since)))
        if self.until is not None:
            tests.append(("c.captured::DATE <= ?", day(self.until)))
        if self.crawl is not None:
            tests.append(("c.crawl = ?", self.crawl))
        return " AND ".join(test for test, _ in tests) or "true", [value for _, value in tests]


@dataclass(frozen=True, slots=True)
class Kept:
    """A chosen capture: its line of the index, and the portal and crawl that it is of."""

    entry: Entry
    capture: int
    portal: str
    crawl: str


def choose(
    connection: duckdb.DuckDBPyConnection, choice: Choice, *, most_bytes: int, most_pages: int
) -> int:
    """Fill the temporary table ``wanted`` with the captures, cut into parts; return how many parts.

    Parts follow time. A new one begins where its records would pass ``most_bytes`` or its HTML
    pages ``most_pages``. Raises ``BadSetting`` for a statement that is no SELECT or names no
    capture, article or url.
    """
    condition, values = choice.where()
    named = "" if choice.sql is None else _named(connection, choice.sql)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE wanted AS
        WITH c AS (
            SELECT DISTINCT c.capture, c.captured, c.warc, c.warc_offset, c.warc_length, c.type
            FROM captures c {named} WHERE {condition}),
        filled AS (
            -- Added, not the greater: pages come first, so bytes would have no bound after them.
            SELECT capture, (sum(warc_length) OVER so_far - 1) // {most_bytes}
                + greatest(count(*) FILTER (type = 'text/html') OVER so_far - 1, 0)
                // {most_pages} AS part
            FROM c
            WINDOW so_far AS (ORDER BY captured, warc, warc_offset ROWS UNBOUNDED PRECEDING))
        SELECT capture, dense_rank() OVER (ORDER BY part) - 1 AS part FROM filled
        """,
        values,
    )
    row = connection.execute("SELECT coalesce(max(part) + 1, 0) FROM wanted").fetchone()
    return int(row[0]) if row else 0


def take(connection: duckdb.DuckDBPyConnection, archive: Path, part: int) -> tuple[Kept, ...]:
    """Fill the temporary table ``chosen`` with a part's captures and return them, oldest first.

    With them come the requisites of their pages and the originals of their revisits, so that each
    part replays alone.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT capture FROM wanted WHERE part = ?", [part]
    )
    _add_requisites(connection, archive)
    connection.execute(_ORIGINALS)
    result = connection.execute("""
        SELECT c.surt, c.captured, c.url, c.type, c.status, c.record, c.digest, c.warc_length,
               c.warc_offset, c.warc, c.capture, c.portal, c.crawl
        FROM captures c JOIN chosen USING (capture) ORDER BY c.captured, c.warc, c.warc_offset
    """)
    return tuple(map(_kept, result.fetchall()))


def _add_requisites(connection: duckdb.DuckDBPyConnection, archive: Path) -> None:
    """Add what the chosen pages and their stylesheets show, as far as it was kept.

    A page without its stylesheets and pictures is not the page. They are kept once for all pages,
    so each page itself has to say what it shows.
    """
    others = connection.execute("""
        SELECT count(*) FROM captures
        WHERE kind = 'requisite' AND capture NOT IN (SELECT capture FROM chosen)
    """).fetchone()
    if others == (0,):
        return
    connection.execute("CREATE OR REPLACE TEMP TABLE fresh AS FROM chosen")
    while rows := connection.execute(_PAGES).fetchall():
        needed = {url for row in rows for url in _needed(archive, *row)}
        connection.register("needed", pa.table({"url": pa.array(needed, pa.string())}))
        connection.execute(_FOUND)
        connection.execute("INSERT INTO chosen FROM fresh")


def _needed(archive: Path, url: str, warc: str, offset: int) -> tuple[str, ...]:
    try:
        capture = read_capture(resolve(archive / "warc", warc), offset)
    except (OSError, DamagedRecord):
        return ()  # it is named when it is to be copied
    told = dict(reversed(capture.headers))  # the first of each counts
    if capture.status is not None and 300 <= capture.status < 400:
        found: tuple[str, ...] = (absolute(url, told.get("location", "")),)
    else:
        media = told.get("content-type", "")
        found = read_requisites(decoded(capture), url=url, content_type=media)
    return tuple(safe_url_string(one) for one in found if one)


def _named(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Keep the statement's answer as the table ``named``; return the join that reads it."""
    result = select(connection, sql)
    columns = [column[0] for column in result.description or ()]
    key = next((name for name in _KEYS if name in columns), None)
    if key is None:
        raise BadSetting(
            "the statement names nothing to export: let it give a column capture, article or url, "
            "such as SELECT url FROM articles WHERE section = 'खेल'"
        )
    names = pa.array({row[columns.index(key)] for row in result.fetchall()}, _TYPES[key])
    connection.register("named", pa.table({key: names}))
    return f"JOIN named n ON {_KEYS[key]}"


def _kept(row: tuple[Any, ...]) -> Kept:
    key, captured, url, mime, status, record, digest, length, offset, warc = row[:10]
    return Kept(
        Entry(
            key=key.replace(" ", "%20"),
            timestamp=captured.astimezone(UTC).strftime("%Y%m%d%H%M%S"),
            url=url,
            mime="warc/revisit" if record == "revisit" else mime or "",
            status="" if status is None else str(status),
            digest=digest or "",
            length=length,
            offset=offset,
            warc=warc,
        ),
        *row[10:],
    )
