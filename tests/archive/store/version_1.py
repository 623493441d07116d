"""Old archives for test_migrations: the tables of version 1, frozen, and each step after it."""

from __future__ import annotations

from pathlib import Path

from archive.store.connection import attach_line, bare
from archive.store.lake import CATALOG, LAKE
from archive.store.migrations import STEPS

TABLES = """
CREATE TABLE warcs (
    warc VARCHAR,
    portal VARCHAR,
    crawl VARCHAR,
    first_captured TIMESTAMPTZ,
    software VARCHAR,
    info MAP(VARCHAR, VARCHAR),
    next_offset BIGINT
);
CREATE TABLE captures (
    capture BIGINT,
    url VARCHAR,
    surt VARCHAR,
    captured TIMESTAMPTZ,
    status SMALLINT,
    type VARCHAR,
    portal VARCHAR,
    crawl VARCHAR,
    kind VARCHAR,
    via VARCHAR,
    hops INTEGER,
    record VARCHAR,
    digest VARCHAR,
    size BIGINT,
    robots VARCHAR,
    reservations VARCHAR[],
    ip VARCHAR,
    truncated VARCHAR,
    refers_to_url VARCHAR,
    refers_to_date TIMESTAMPTZ,
    article BIGINT,
    warc VARCHAR,
    warc_offset BIGINT,
    warc_length BIGINT
);
CREATE TABLE readings (
    capture BIGINT,
    captured TIMESTAMPTZ,
    portal VARCHAR,
    crawl VARCHAR,
    url VARCHAR,
    address BIGINT,
    article BIGINT,
    page_type VARCHAR,
    text_sha VARCHAR,
    reader VARCHAR
);
CREATE TABLE parts (
    article BIGINT,
    url VARCHAR,
    page BIGINT,
    page_url VARCHAR,
    position INTEGER,
    capture BIGINT
);
CREATE TABLE texts (
    revision BIGINT,
    article BIGINT,
    number INTEGER,
    latest BOOLEAN,
    portal VARCHAR,
    published_day DATE,
    published TIMESTAMPTZ,
    url VARCHAR,
    title VARCHAR,
    body VARCHAR,
    authors VARCHAR[],
    modified TIMESTAMPTZ,
    section VARCHAR,
    tags VARCHAR[],
    language VARCHAR,
    dateline VARCHAR,
    description VARCHAR,
    image VARCHAR,
    words INTEGER,
    pages INTEGER,
    first_captured TIMESTAMPTZ,
    first_capture BIGINT,
    read_from BIGINT,
    published_precision VARCHAR,
    published_offset SMALLINT,
    published_source VARCHAR,
    published_text VARCHAR,
    modified_precision VARCHAR,
    modified_source VARCHAR,
    modified_text VARCHAR,
    text_sha VARCHAR,
    extracted VARCHAR,
    reader VARCHAR,
    rules MAP(VARCHAR, VARCHAR),
    page BIGINT
);
CREATE TABLE links (
    from_url VARCHAR,
    to_url VARCHAR,
    kind VARCHAR,
    text VARCHAR,
    date VARCHAR,
    position INTEGER,
    from_article BIGINT,
    to_article BIGINT,
    portal VARCHAR,
    captured TIMESTAMPTZ,
    capture BIGINT
);
CREATE TABLE outcomes (
    url VARCHAR,
    reason VARCHAR,
    detail VARCHAR,
    portal VARCHAR,
    crawl VARCHAR,
    captured TIMESTAMPTZ,
    capture BIGINT,
    warc VARCHAR,
    warc_offset BIGINT
);
"""

VIEWS = """
CREATE VIEW sightings AS SELECT capture, captured, portal, crawl, url, address, article, page_type, text_sha,
           capture AS read_from
    FROM readings WHERE text_sha IS NOT NULL
    UNION ALL
    SELECT r.capture, r.captured, r.portal, r.crawl, r.url,
           CASE WHEN r.url = o.url THEN o.address ELSE r.article END, o.article, o.page_type,
           o.text_sha, o.capture
    FROM captures r
    JOIN readings o ON r.refers_to_url = o.url AND r.refers_to_date = o.captured
    WHERE r.record = 'revisit' AND o.text_sha IS NOT NULL;
CREATE VIEW articles AS SELECT article, url, title, body, authors, published, published_day, modified, section, tags, portal, language, dateline, description, image, words, pages, first_captured, first_capture, read_from, published_precision, published_offset, published_source, published_text, revision, number, text_sha, reader, rules FROM texts WHERE latest AND page IS NULL;
CREATE VIEW revisions AS WITH seen AS (
            SELECT t.revision, max(s.captured) AS last_captured, count(*) AS captures
            FROM (SELECT revision, article, first_captured,
                         lead(first_captured) OVER (PARTITION BY article ORDER BY number) AS next
                  FROM texts WHERE page IS NULL) t
            JOIN sightings s ON s.article = t.article AND s.page_type = 'story'
                 AND s.captured >= t.first_captured
                 AND (t.next IS NULL OR s.captured < t.next)
            GROUP BY t.revision)
        SELECT article, url, title, body, authors, published, published_day, modified, section, tags, portal, language, dateline, description, image, words, pages, first_captured, first_capture, read_from, published_precision, published_offset, published_source, published_text, revision, number, text_sha, reader, rules, last_captured, captures, latest
        FROM texts JOIN seen USING (revision) WHERE page IS NULL;
CREATE VIEW portals AS SELECT portal,
               coalesce(max_by(info['morestories-portal-name'], first_captured), '') AS name,
               coalesce(max_by(info['morestories-home'], first_captured), '') AS home,
               coalesce(max_by(info['morestories-timezone'], first_captured), '') AS timezone,
               coalesce(max_by(info['morestories-language'], first_captured), '') AS language,
               min(first_captured) AS first_captured, count(*) AS warcs
        FROM warcs GROUP BY portal;
CREATE VIEW crawls AS SELECT crawl, portal, min(captured) AS started, max(captured) AS ended,
               count(*) AS captures, sum(warc_length)::BIGINT AS bytes,
               count(*) FILTER (status >= 400) AS failed, count(DISTINCT warc) AS warcs
        FROM captures GROUP BY crawl, portal;
CREATE VIEW gone AS SELECT c.article, c.portal, any_value(a.url) AS url, any_value(a.title) AS title,
               min(c.captured) AS gone, max(c.captured) AS last_tried,
               min_by(c.status, c.captured) AS status
        FROM captures c JOIN texts a ON a.article = c.article AND a.latest AND a.page IS NULL
        WHERE c.status IN (404, 410) AND c.captured > a.first_captured
          AND NOT EXISTS (FROM sightings s WHERE s.article = c.article AND s.captured > c.captured
                          AND s.page_type = 'story')
        GROUP BY c.article, c.portal;
"""


def make(folder: Path, like: Path, version: int = 1) -> None:
    """Make in ``folder`` what ``version`` made of the WARC files that the archive ``like`` has."""
    folder.mkdir(exist_ok=True)
    with bare() as connection:
        connection.execute(attach_line(folder, write=True))
        connection.execute(f"ATTACH 'ducklake:sqlite:{like / CATALOG}' AS now (READ_ONLY)")
        connection.execute("USE lake")
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
        for statement in filter(str.strip, (TABLES + VIEWS).split(";")):
            connection.execute(statement)
        for step in STEPS[: version - 1]:
            for statement in step.statements:
                connection.execute(statement)
        names = connection.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = "
            "'lake' AND schema_name = 'main' AND table_name IN (SELECT table_name FROM "
            "duckdb_tables() WHERE database_name = 'now') GROUP BY ALL"
        ).fetchall()
        for table, columns in names:
            if table != "schema_version":
                connection.execute(
                    f"INSERT INTO {table} BY NAME SELECT {', '.join(columns)} FROM now.{table}"
                )
        connection.execute("INSERT INTO schema_version VALUES (?)", [version])
    assert (folder / LAKE).is_dir()
