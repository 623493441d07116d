"""The tables and views of an archive, each column with its meaning; docs/schema.md is made of it.

Tables hold what was read, and are only added to, but for ``warcs`` (how far each file has been
landed), ``texts`` (rewritten for a story whose history changed), and ``signatures`` and ``copies``,
which follow ``texts``. What can be computed is
a view. All instants are TIMESTAMPTZ, shown in UTC. Ids are made by ``archive.keys.ident``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Column(NamedTuple):
    """One column: its name, DuckDB type, and what it says."""

    name: str
    type: str
    doc: str


@dataclass(frozen=True)
class Table:
    """A stored table. ``sort`` is the order inside a file, by which common questions prune.

    ``inline`` rows or fewer in one insert stay in the catalog. That is for ``warcs`` alone, which is
    written with every batch: flushing such rows to a file takes them away from a reader whose
    transaction began before, so they are never flushed, and other tables go to files at once.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    sort: str
    inline: int = 0
    row_group: int = 122_880


@dataclass(frozen=True)
class View:
    """A stored query; ``columns`` document what it selects, in order."""

    name: str
    doc: str
    sql: str
    columns: tuple[Column, ...]


def _columns(text: str) -> tuple[Column, ...]:
    """Read one ``name type | doc`` a line."""
    made = []
    for line in filter(None, map(str.strip, text.splitlines())):
        head, _, doc = line.partition(" | ")
        name, _, kind = head.partition(" ")
        made.append(Column(name, kind, doc.strip()))
    return tuple(made)


_WARCS = Table(
    "warcs",
    "One row per WARC file, and how far it has been landed.",
    _columns("""
        warc VARCHAR | file name in the folder warc/, without .open
        portal VARCHAR | the portal's id from the file's warcinfo record; '' in a foreign WARC
        crawl VARCHAR | the crawl that wrote it; the file's own name in a foreign WARC
        first_captured TIMESTAMPTZ | when its first capture was made
        software VARCHAR | what wrote it
        info MAP(VARCHAR, VARCHAR) | the fields of its warcinfo record
        next_offset BIGINT | byte of the file up to which rows have been landed
    """),
    sort="warc",
    inline=1_000,
)

_CAPTURES = Table(
    "captures",
    "One row per stored exchange: everything that was fetched, whatever it was.",
    _columns("""
        capture BIGINT | id, made of file and offset
        url VARCHAR | the address as requested
        surt VARCHAR | its sort-friendly form, as in CDXJ
        captured TIMESTAMPTZ | when
        status SMALLINT | HTTP status; NULL where the record holds no HTTP answer
        type VARCHAR | media type, lower case, without parameters
        portal VARCHAR | id of the portal
        crawl VARCHAR | id of the crawl
        kind VARCHAR | kind of the link by which it was found: seed, feed, sitemap, more_stories …
        via VARCHAR | the page that linked to it; '' for a seed
        hops INTEGER | links followed from the seed
        record VARCHAR | WARC record type: response, revisit or resource
        digest VARCHAR | payload digest, algorithm:value
        size BIGINT | payload bytes, transfer-encoding undone; 0 for a revisit
        robots VARCHAR | verdict of robots.txt at the time: allowed, ignored, robots
        reservations VARCHAR[] | headers by which the publisher reserves rights, 'name: value'
        ip VARCHAR | the server's address
        truncated VARCHAR | why the payload is not whole: length, time, disconnect; else NULL
        refers_to_url VARCHAR | for a revisit, the original's address
        refers_to_date TIMESTAMPTZ | for a revisit, when the original was captured
        article BIGINT | the story that this address names (whether or not it is one)
        warc VARCHAR | the file
        warc_offset BIGINT | byte of the file at which the record starts
        warc_length BIGINT | bytes of the record as stored
    """),
    sort="portal, captured",
)

_READINGS = Table(
    "readings",
    "One row per capture whose payload was read as a page.",
    _columns("""
        capture BIGINT | the capture
        captured TIMESTAMPTZ | when it was made
        portal VARCHAR | id of the portal
        crawl VARCHAR | id of the crawl
        url VARCHAR | the address of the capture
        address BIGINT | id of that address; an AMP page has its own
        article BIGINT | id of the story: of its canonical address
        page_type VARCHAR | story, listing, locked, gallery, video or other
        text_sha VARCHAR | SHA-256 of its title, line feed, body in normal form; NULL without a text
        reader VARCHAR | which reader read it
    """),
    sort="portal, captured",
)

_PARTS = Table(
    "parts",
    "One row per further page that a multi-page story names.",
    _columns("""
        article BIGINT | the story (or page of it) that names the page
        url VARCHAR | its address
        page BIGINT | id of the page's address
        page_url VARCHAR | the page's address
        position INTEGER | its place in the list, from 1
        capture BIGINT | the capture that says so
    """),
    sort="article",
)

_TEXTS = Table(
    "texts",
    "One row per revision of a story, with its text; also the single pages of multi-page stories.",
    _columns("""
        revision BIGINT | id, made of the story and the capture that first showed it so
        article BIGINT | id of the story
        number INTEGER | 1 for the first revision known; 0 for a single page
        latest BOOLEAN | whether this is the newest revision
        portal VARCHAR | id of the portal
        published_day DATE | the day of publication on the portal's clock; NULL where only a month is known
        published TIMESTAMPTZ | as the page printed it
        url VARCHAR | the story's address: canonical where the page names one
        title VARCHAR | headline, in normal form
        body VARCHAR | text, one paragraph a line, in normal form
        authors VARCHAR[] | as printed
        modified TIMESTAMPTZ | as the page printed it
        section VARCHAR | as printed
        tags VARCHAR[] | as printed
        language VARCHAR | BCP 47 tag, or ''
        dateline VARCHAR | the place before the first sentence
        description VARCHAR | the page's own summary
        image VARCHAR | address of the lead image
        words INTEGER | words of the body
        pages INTEGER | pages put together
        first_captured TIMESTAMPTZ | when the story was first seen so
        first_capture BIGINT | in which capture
        read_from BIGINT | the capture that title, text, date and the rest were read from
        published_precision VARCHAR | second, minute, day or month; NULL without a date
        published_offset SMALLINT | minutes east of UTC that were used
        published_source VARCHAR | the rule that found the date
        published_text VARCHAR | the characters it was read from
        modified_precision VARCHAR | as for published
        modified_source VARCHAR | as for published
        modified_text VARCHAR | as for published
        text_sha VARCHAR | SHA-256 of title, line feed, body
        extracted VARCHAR | the body as extracted, where the normal form differs; else NULL
        reader VARCHAR | which reader read it
        rules MAP(VARCHAR, VARCHAR) | for each field, the rule that won
        page BIGINT | for a single page of a multi-page story, id of its address; else NULL
    """),
    sort="portal, published_day, published",
    row_group=2_048,  # 20 bodies of a month: 0.2 s; with the default 20 times that
)

_LINKS = Table(
    "links",
    "One row per link and kind that a capture holds (not again for an unchanged one).",
    _columns("""
        from_url VARCHAR | the page, feed or sitemap
        to_url VARCHAR | where it points; absolute
        kind VARCHAR | the part of the page: more_stories, body, section, feed, sitemap …
        text VARCHAR | the anchor's text, or a feed item's title
        date VARCHAR | the item's own date where a listing prints one, as printed
        position INTEGER | its place among the links of the capture, from 1
        from_article BIGINT | id of the story that holds it; NULL where it is not one
        to_article BIGINT | id of the story that the address names (whether or not it is here)
        portal VARCHAR | id of the portal
        captured TIMESTAMPTZ | when
        capture BIGINT | the capture that holds it
    """),
    sort="portal, kind, captured",
)

_OUTCOMES = Table(
    "outcomes",
    "One row per thing that was fetched or kept and did not become a story, with the reason.",
    _columns("""
        url VARCHAR | the address; '' where a damaged record does not tell
        reason VARCHAR | listing, locked, gallery, video, other, status, truncated, unreadable, damaged …
        detail VARCHAR | more, in words
        portal VARCHAR | id of the portal
        crawl VARCHAR | id of the crawl
        captured TIMESTAMPTZ | when the capture was made, if known
        capture BIGINT | the capture, if there is one
        warc VARCHAR | the file
        warc_offset BIGINT | byte of the file
    """),
    sort="portal, captured",
)

_OBSERVATIONS = Table(
    "observations",
    "One row per capture of a page that may be a story: what its page adds to the evidence of its portal.",
    _columns("""
        capture BIGINT | the capture
        captured TIMESTAMPTZ | when it was made
        portal VARCHAR | id of the portal
        story BIGINT | id of the story
        skeleton VARCHAR | path of elements down to the headline: pages of one layout share it
        root BIGINT | digest of the path of elements down to the body; 0 for the whole page
        title BIGINT | digest of the headline; 0 for a short one
        openings BIGINT[] | digests of the first six words of headline, description and text
        lines STRUCT(said BIGINT, lead BIGINT, opening BIGINT, place BIGINT, size INTEGER, ended BOOLEAN)[] | the body's lines before any evidence: digests of text, of the anchor it begins with, of its first words, of its path; characters; whether it ends a sentence
        dropped BIGINT[] | digests of the lines that the layout took out; of its root, where it moved the body there
    """),
    sort="portal, captured",
)

_LAYOUTS = Table(
    "layouts",
    "One row per portal and layout of its story pages: what was learned from them, and from what.",
    _columns("""
        portal VARCHAR | id of the portal
        skeleton VARCHAR | path of elements down to the headline
        stories BIGINT | stories that taught it (of very many, a sample of captures)
        first_captured TIMESTAMPTZ | the first of their captures; a redesign begins a new layout
        last_captured TIMESTAMPTZ | the last
        examples BIGINT[] | captures that show it
        root BIGINT | digest of the path down to what held nearly all bodies; 0: none did
        places BIGINT[] | digests of the paths down to their lines
        teasing BIGINT | stories with other stories' headlines among their own lines; 0 if too few to count
        tail BIGINT | lines of such cards at the end of a story; 0 if they stand elsewhere
        most BIGINT | such cards of nine pages in ten, at most
        marks STRUCT(why VARCHAR, digest BIGINT, stories BIGINT, first_captured TIMESTAMPTZ, last_captured TIMESTAMPTZ, example BIGINT)[] | lines and places that are no story's: repeated, label, place; in how many stories, when, and a capture that shows it
        observed BIGINT | captures of the portal that had been observed
        learner VARCHAR | the version that learned it
    """),
    sort="portal, first_captured",
)

_SIGNATURES = Table(
    "signatures",
    "One row per story: the keys by which its possible copies are found. Made anew at any time.",
    _columns("""
        article BIGINT | id of the story
        text_sha VARCHAR | SHA-256 of the title and body that were read
        rules SMALLINT | version of the rules that made the keys
        keys INTEGER[] | MinHash keys: stories that share one may be copies; empty for a short text
    """),
    sort="article",
)

_COPIES = Table(
    "copies",
    "One row per story whose text stands at another address too, the first of them included.",
    _columns("""
        article BIGINT | id of the story
        source BIGINT | id of the first story with the text: stories with one source are a cluster
        kind VARCHAR | source, same, edited, cut (part of the source), extended (the source and more)
        similarity FLOAT | shared three-word sequences ÷ those of either, with the source
        containment FLOAT | shared three-word sequences ÷ those of the shorter text
        appeared TIMESTAMPTZ | when it was out: published (a bare day counts to its end) or first captured, the earlier
        portal VARCHAR | id of the portal
    """),
    sort="source, appeared",
)

TABLES = (
    _WARCS,
    _CAPTURES,
    _READINGS,
    _PARTS,
    _TEXTS,
    _LINKS,
    _OUTCOMES,
    _OBSERVATIONS,
    _LAYOUTS,
    _SIGNATURES,
    _COPIES,
)

_ARTICLE = """
    article BIGINT | id of the story
    url VARCHAR | its address
    title VARCHAR | headline
    body VARCHAR | text, one paragraph a line
    authors VARCHAR[] | as printed
    published TIMESTAMPTZ | as the page printed it; see published_precision
    published_day DATE | that day on the portal's clock; NULL where only a month is known
    modified TIMESTAMPTZ | as the page printed it
    section VARCHAR | as printed
    tags VARCHAR[] | as printed
    portal VARCHAR | id of the portal
    language VARCHAR | BCP 47 tag, or ''
    dateline VARCHAR | the place before the first sentence
    description VARCHAR | the page's own summary
    image VARCHAR | address of the lead image
    words INTEGER | words of the body
    pages INTEGER | pages put together
    first_captured TIMESTAMPTZ | when this revision was first seen
    first_capture BIGINT | in which capture
    read_from BIGINT | the capture that title, text, date and the rest were read from
    published_precision VARCHAR | second, minute, day or month
    published_offset SMALLINT | minutes east of UTC that were used
    published_source VARCHAR | the rule that found the date
    published_text VARCHAR | the characters it was read from
    revision BIGINT | id of the revision
    number INTEGER | how many revisions are known, this one included
    text_sha VARCHAR | SHA-256 of title, line feed, body
    reader VARCHAR | which reader read it
    rules MAP(VARCHAR, VARCHAR) | for each field, the rule that won
"""
_ARTICLE_COLUMNS = _columns(_ARTICLE)
_ARTICLE_NAMES = ", ".join(column.name for column in _ARTICLE_COLUMNS)

SIGHTINGS = View(
    "sightings",
    "One row per capture that showed a text, revisits included.",
    """
    SELECT capture, captured, portal, crawl, url, address, article, page_type, text_sha,
           capture AS read_from
    FROM readings WHERE text_sha IS NOT NULL
    UNION ALL
    SELECT r.capture, r.captured, r.portal, r.crawl, r.url,
           CASE WHEN r.url = o.url THEN o.address ELSE r.article END, o.article, o.page_type,
           o.text_sha, o.capture
    FROM captures r
    JOIN readings o ON r.refers_to_url = o.url AND r.refers_to_date = o.captured
    WHERE r.record = 'revisit' AND o.text_sha IS NOT NULL
    """,
    _columns("""
        capture BIGINT | the capture
        captured TIMESTAMPTZ | when it was made
        portal VARCHAR | id of the portal
        crawl VARCHAR | id of the crawl
        url VARCHAR | its address
        address BIGINT | id of that address
        article BIGINT | id of the story
        page_type VARCHAR | story, or what else the page was that held a text
        text_sha VARCHAR | SHA-256 of the title and body it showed
        read_from BIGINT | the capture whose payload was read: itself, or the original of a revisit
    """),
)

# The sightings whose originals were captured from $1 to $2: bounds that reach the files' order.
SIGHTED_BETWEEN = (
    "WITH originals AS (FROM readings WHERE captured BETWEEN $1 AND $2), revisits AS "
    "(FROM captures WHERE record = 'revisit' AND refers_to_date BETWEEN $1 AND $2) "
    + SIGHTINGS.sql.replace("FROM captures", "FROM revisits")
    .replace("FROM readings", "FROM originals")
    .replace("JOIN readings", "JOIN originals")
)

VIEWS = (
    SIGHTINGS,
    View(
        "articles",
        "One row per story, as it stood when last seen.",
        f"SELECT {_ARTICLE_NAMES} FROM texts WHERE latest AND page IS NULL",
        _ARTICLE_COLUMNS,
    ),
    View(
        "revisions",
        "One row per revision of a story: its text as it stood, from first to last capture.",
        f"""
        WITH seen AS (
            SELECT t.revision, max(s.captured) AS last_captured, count(*) AS captures
            FROM (SELECT revision, article, first_captured,
                         lead(first_captured) OVER (PARTITION BY article ORDER BY number) AS next
                  FROM texts WHERE page IS NULL) t
            JOIN sightings s ON s.article = t.article AND s.page_type = 'story'
                 AND s.captured >= t.first_captured
                 AND (t.next IS NULL OR s.captured < t.next)
            GROUP BY t.revision)
        SELECT {_ARTICLE_NAMES}, last_captured, captures, latest
        FROM texts JOIN seen USING (revision) WHERE page IS NULL
        """,
        (
            *_ARTICLE_COLUMNS,
            Column("last_captured", "TIMESTAMPTZ", "when it was last seen so"),
            Column("captures", "BIGINT", "how many captures showed it so"),
            Column("latest", "BOOLEAN", "whether this is the newest revision"),
        ),
    ),
    View(
        "portals",
        "One row per portal, as its newest WARC describes it.",
        """
        SELECT portal,
               coalesce(max_by(info['morestories-portal-name'], first_captured), '') AS name,
               coalesce(max_by(info['morestories-home'], first_captured), '') AS home,
               coalesce(max_by(info['morestories-timezone'], first_captured), '') AS timezone,
               coalesce(max_by(info['morestories-language'], first_captured), '') AS language,
               min(first_captured) AS first_captured, count(*) AS warcs
        FROM warcs GROUP BY portal
        """,
        _columns("""
            portal VARCHAR | its id
            name VARCHAR | what it calls itself
            home VARCHAR | its home page
            timezone VARCHAR | IANA name for dates that name no zone; '' is UTC
            language VARCHAR | BCP 47 tag for pages that name none
            first_captured TIMESTAMPTZ | its oldest capture
            warcs BIGINT | WARC files
        """),
    ),
    View(
        "crawls",
        "One row per crawl.",
        """
        SELECT crawl, portal, min(captured) AS started, max(captured) AS ended,
               count(*) AS captures, sum(warc_length)::BIGINT AS bytes,
               count(*) FILTER (status >= 400) AS failed, count(DISTINCT warc) AS warcs
        FROM captures GROUP BY crawl, portal
        """,
        _columns("""
            crawl VARCHAR | its id
            portal VARCHAR | id of the portal
            started TIMESTAMPTZ | its first capture
            ended TIMESTAMPTZ | its last capture
            captures BIGINT | exchanges stored
            bytes BIGINT | bytes of their records as stored
            failed BIGINT | answers of 400 and above
            warcs BIGINT | WARC files written
        """),
    ),
    View(
        "furniture",
        "One row per line or place that a portal's layout takes for no story's, with its evidence.",
        """
        SELECT l.portal, skeleton, mark.why, mark.stories, l.stories AS of_stories,
               mark.first_captured, mark.last_captured, c.url, c.warc, c.warc_offset, mark.digest
        FROM (SELECT portal, skeleton, stories, unnest(marks) AS mark FROM layouts) l
        JOIN captures c ON c.capture = mark.example
        """,
        _columns("""
            portal VARCHAR | id of the portal
            skeleton VARCHAR | the layout
            why VARCHAR | repeated: a long line of most stories; label: a short one over other stories; place: where only other stories' lines stand
            stories BIGINT | stories that show it
            of_stories BIGINT | stories that taught the layout
            first_captured TIMESTAMPTZ | the first capture that shows it
            last_captured TIMESTAMPTZ | the last
            url VARCHAR | the address of a capture that shows it
            warc VARCHAR | its file: `morestories try WARC#OFFSET` shows the line
            warc_offset BIGINT | and where its record starts
            digest BIGINT | of the line's text, or of its place
        """),
    ),
    View(
        "gone",
        "One row per story whose address answered 404 or 410 after the story was seen there.",
        """
        SELECT c.article, c.portal, any_value(a.url) AS url, any_value(a.title) AS title,
               min(c.captured) AS gone, max(c.captured) AS last_tried,
               min_by(c.status, c.captured) AS status
        FROM captures c JOIN texts a ON a.article = c.article AND a.latest AND a.page IS NULL
        WHERE c.status IN (404, 410) AND c.captured > a.first_captured
          AND NOT EXISTS (FROM sightings s WHERE s.article = c.article AND s.captured > c.captured
                          AND s.page_type = 'story')
        GROUP BY c.article, c.portal
        """,
        _columns("""
            article BIGINT | id of the story
            portal VARCHAR | id of the portal
            url VARCHAR | its address
            title VARCHAR | its last headline
            gone TIMESTAMPTZ | first failed capture after the last one that showed it
            last_tried TIMESTAMPTZ | the newest such capture
            status SMALLINT | 404 or 410
        """),
    ),
)


def tables() -> list[str]:
    """Return the SQL that makes the tables of an empty lake."""
    made = ["CREATE TABLE IF NOT EXISTS schema_version (version INTEGER)"]
    for table in TABLES:
        columns = ", ".join(f"{c.name} {c.type}" for c in table.columns)
        made.append(f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})")
    return made


def present() -> list[str]:
    """Return the SQL that gives tables, new or migrated, their order, comments and views."""
    made = []
    for table in TABLES:
        made.append(f"ALTER TABLE {table.name} SET SORTED BY ({table.sort})")
        made += _comments(table)
    return made + [f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}" for view in VIEWS]


def options() -> list[tuple[str, str, str | None]]:
    """Return how the lake stores its files: option, value, and the table (None for all)."""
    made: list[tuple[str, str, str | None]] = [("parquet_compression", "zstd", None)]
    # How much is merged at once: with DuckLake's 512 MB, bodies take more memory than MEMORY, and
    # readers wait for a quarter of a minute.
    made.append(("target_file_size", "16000000", None))
    for table in TABLES:
        made.append(("data_inlining_row_limit", str(table.inline), table.name))
        made.append(("parquet_row_group_size", str(table.row_group), table.name))
    return made


def _comments(table: Table) -> list[str]:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    columns = [f"COMMENT ON COLUMN {table.name}.{c.name} IS {quoted(c.doc)}" for c in table.columns]
    return [f"COMMENT ON TABLE {table.name} IS {quoted(table.doc)}", *columns]
