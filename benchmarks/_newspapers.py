"""Twenty made-up newspapers of any size, as rows: what ten years of crawls would have landed.

No WARCs stand behind them. Ids and the ends of addresses are hashes, as in a real archive, so that
neither compresses nor prunes better than there. Of a hundred stories 2 were edited, 10 were
captured a second time unchanged, 5 stand on a second portal too; of a thousand 2 are gone. Feeds
of twenty list each story with its date.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import duckdb

from archive.article import Article, Moment, PageType
from archive.capture import About, Capture
from archive.link import Link, LinkKind
from archive.search.common import WORDS as COMMON_WORDS

WORDS = 5_000  # in the vocabulary; frequencies fall off as in a real text
TERM = "बर्फबारी"  # the queries' own example: in one story of twenty-five
STORY = 180  # words of a story on average; the shortest has 60, the longest 300
LINKS = 12  # links of a story
PORTALS = 20
CHUNK = 50_000  # stories in one insert, as a bulk import lands them
FIRST_DAY = "DATE '2016-01-01'"
DAYS = 3_650


def vocabulary(chance: random.Random) -> list[str]:
    """Return words, the frequent ones first: Hindi's own commonest, then made-up ones."""
    letters, signs = "कखगघचछजटडतथदधनपफबभमयरलवशसह", ["", "", "ा", "ि", "ी", "ु", "े", "ो", "ं", "्र"]
    made: dict[str, None] = {}
    while len(made) < WORDS:
        size = 1 + min(5, len(made) // 200)
        made["".join(chance.choice(letters) + chance.choice(signs) for _ in range(size))] = None
    words = list(made)
    words[: len(COMMON_WORDS)] = COMMON_WORDS
    words[600] = TERM
    return words


def url(number: int) -> str:
    """Return the address of a story; ``fill`` says the same in SQL."""
    return duckdb.sql(f"SELECT {_url(str(number))}").fetchall()[0][0]


def _url(number: str) -> str:
    return (
        f"'https://portal-' || ({number} % {PORTALS}) || '.test/khabar/' || "
        f"left(md5('slug ' || ({number})), 16) || '/'"
    )


def _id(*parts: str) -> str:
    """Return the SQL of 63 bits of a hash, as ``archive.keys.ident`` makes them."""
    return f"(md5_number({' || chr(31) || '.join(parts)}) >> 65)::BIGINT"


def fill(connection: duckdb.DuckDBPyConnection, articles: int) -> None:
    """Land ``articles`` synthetic stories and all that belongs to them."""
    connection.execute("SELECT setseed(0.5)")
    connection.execute(
        "CREATE TEMP TABLE vocabulary AS SELECT unnest($1) AS word", [vocabulary(random.Random(1))]
    )
    connection.execute("SET VARIABLE words = (SELECT list(word) FROM vocabulary)")
    for start in range(0, articles, CHUNK):
        make(connection, start, min(articles, start + CHUNK), articles)
        connection.execute("BEGIN")
        for table, select in _ROWS:
            connection.execute(f"INSERT INTO {table} BY NAME {select}")
        connection.execute("COMMIT")


def make(connection: duckdb.DuckDBPyConnection, start: int, end: int, articles: int) -> None:
    """Make the temporary table ``made`` of these stories, out of ``articles`` in ten years."""

    def text(words: str) -> str:
        word = f"getvariable('words')[1 + floor(pow(random(), 3) * {WORDS})::INTEGER]"
        return f"array_to_string(list_transform(range({words}), x -> {word}), ' ')"

    copied = "i % 40 = 1 AND i > 0"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE made AS
        SELECT *, sha256(title || chr(10) || body) AS text_sha,
               {_id("'article'", "url")} AS article, {_id("'capture'", "warc", "i")} AS capture
        FROM (
            SELECT * REPLACE (
                CASE WHEN {copied} THEN coalesce(lag(title) OVER (ORDER BY i), title) ELSE title END AS title,
                CASE WHEN {copied} THEN coalesce(lag(body) OVER (ORDER BY i), body) ELSE body END AS body)
            FROM (
                SELECT i, 'portal-' || (i % {PORTALS}) AS portal, {_url("i")} AS url,
                       {FIRST_DAY} + (i * {DAYS} // {articles})::INTEGER AS day,
                       timezone('UTC', day::TIMESTAMP) + to_seconds(i * 7919 % 86400) AS moment,
                       portal || '-' || lpad((i // 100000)::VARCHAR, 4, '0') AS crawl, crawl || '.warc.gz' AS warc,
                       {STORY} - 120 + (i * 37 % 241)::INTEGER AS words, {text("10")} AS title,
                       {text(f"{STORY} - 120 + (i * 37 % 241)::INTEGER")} AS body
                FROM range({start}, {end}) r(i)))
        """
    )


# A story that was edited has a first revision with an older headline, captured an hour before.
_TEXT = """
    SELECT article, 1 AS pages, portal, day AS published_day, moment AS published, url, body, words,
           ['लेखक ' || (i % 300)] AS authors, 'विभाग ' || (i % 12) AS section,
           ['टैग ' || (i % 500)] AS tags, 'hi' AS language, 'नगर ' || (i % 90) AS dateline,
           '' AS description, 'https://' || portal || '.test/chitra/' || i || '.jpg' AS image,
           'minute' AS published_precision, 330 AS published_offset, 'json-ld' AS published_source,
           'bench' AS reader, moment AS first_captured,
           MAP {'title': 'h1', 'body': 'container', 'authors': 'json-ld', 'published': 'json-ld'} AS rules,
"""
_EARLIER = "xor(capture, 1)"  # another id, as far away
_CAPTURE = """
    SELECT portal, crawl, warc, (i % 100000) * 15000 AS warc_offset, 15000 AS warc_length,
           'allowed' AS robots, '203.0.113.' || (i % 20) AS ip, 'sha256:' || text_sha AS digest, 1 AS hops,
"""
_READING = "SELECT portal, crawl, url, article, article AS address, 'story' AS page_type, 'bench' AS reader,"

_ROWS = (
    (
        "warcs",
        "SELECT DISTINCT warc, portal, crawl, min(moment) OVER (PARTITION BY warc) AS first_captured, "
        "'bench' AS software, MAP {'morestories-portal-name': portal} AS info, 1500000000 AS next_offset "
        "FROM made WHERE warc NOT IN (SELECT warc FROM warcs)",
    ),
    (
        "texts",
        f"{_TEXT} capture AS revision, CASE WHEN i % 50 = 7 THEN 2 ELSE 1 END AS number, true AS latest, "
        "title, text_sha, capture AS first_capture, capture AS read_from FROM made UNION ALL BY NAME "
        f"{_TEXT.replace('moment AS first_captured', 'moment - INTERVAL 1 HOUR AS first_captured')} "
        f"{_EARLIER} AS revision, 1 AS number, false AS latest, title || ' शीघ्र' AS title, "
        f"sha256(text_sha) AS text_sha, {_EARLIER} AS first_capture, {_EARLIER} AS read_from "
        "FROM made WHERE i % 50 = 7",
    ),
    (
        "captures",
        f"{_CAPTURE} capture, url, 'test,' || portal || ')/khabar/' || i AS surt, moment AS captured, 200 AS status, "
        "'text/html' AS type, 'feed' AS kind, 'https://' || portal || '.test/feed/' AS via, "
        "'response' AS record, 60000 AS size, article FROM made UNION ALL BY NAME "
        f"{_CAPTURE} {_EARLIER} AS capture, url, 'test,' || portal || ')/khabar/' || i AS surt, "
        "moment - INTERVAL 1 HOUR AS captured, 200 AS status, 'text/html' AS type, 'section' AS kind, '' AS via, "
        "'response' AS record, 60000 AS size, article FROM made WHERE i % 50 = 7 UNION ALL BY NAME "
        f"{_CAPTURE} xor(capture, 2) AS capture, url, 'test,' || portal || ')/khabar/' || i AS surt, "
        "moment + INTERVAL 1 DAY AS captured, 200 AS status, 'text/html' AS type, 'feed' AS kind, '' AS via, "
        "'revisit' AS record, 0 AS size, url AS refers_to_url, moment AS refers_to_date, article "
        "FROM made WHERE i % 10 = 3 UNION ALL BY NAME "
        f"{_CAPTURE} xor(capture, 4) AS capture, url, 'test,' || portal || ')/khabar/' || i AS surt, "
        "moment + INTERVAL 30 DAY AS captured, 404 AS status, 'text/html' AS type, 'feed' AS kind, '' AS via, "
        "'response' AS record, 900 AS size, article FROM made WHERE i % 500 = 99 UNION ALL BY NAME "
        f"{_CAPTURE} xor(capture, 8) AS capture, 'https://' || portal || '.test/feed/?paged=' || i AS url, "
        "'test,' || portal || ')/feed?paged=' || i AS surt, moment AS captured, 200 AS status, "
        "'application/rss+xml' AS type, 'seed' AS kind, '' AS via, 'response' AS record, 9000 AS size, "
        f"xor(article, 8) AS article FROM made WHERE i // {PORTALS} % 20 = 0",
    ),
    (
        "readings",
        f"{_READING} capture, moment AS captured, text_sha FROM made UNION ALL BY NAME "
        f"{_READING} {_EARLIER} AS capture, moment - INTERVAL 1 HOUR AS captured, sha256(text_sha) AS text_sha "
        "FROM made WHERE i % 50 = 7",
    ),
    (
        "links",
        f"SELECT url AS from_url, {_url('to_i')} AS to_url, "
        "CASE WHEN n < 3 THEN 'more_stories' WHEN n < 5 THEN 'body' ELSE 'navigation' END AS kind, "
        f"'कड़ी ' || n AS text, n AS position, article AS from_article, {_id(chr(39) + 'article' + chr(39), 'to_url')} "
        "AS to_article, portal, moment AS captured, capture FROM (SELECT *, "
        f"greatest(i % {PORTALS}, i - {PORTALS} * (1 + n * (i * 31 % 97))) AS to_i FROM made, range({LINKS}) t(n)) "
        "UNION ALL BY NAME SELECT 'https://' || portal || '.test/feed/' AS from_url, url AS to_url, "
        f"'feed' AS kind, title AS text, strftime(moment, '%Y-%m-%dT%H:%M:%SZ') AS date, i // {PORTALS} % 20 AS position, "
        "article AS to_article, portal, moment AS captured, xor(capture, 8) AS capture FROM made",
    ),
    (
        "outcomes",
        "SELECT url, 'status' AS reason, '404' AS detail, portal, crawl, moment + INTERVAL 30 DAY AS captured, "
        "xor(capture, 4) AS capture, warc, (i % 100000) * 15000 AS warc_offset FROM made WHERE i % 500 = 99",
    ),
    (
        "signatures",
        "SELECT article, text_sha, 1 AS rules, list_transform(range(32), "
        "x -> (hash(text_sha, x) % 2147483647)::INTEGER) AS keys FROM made",
    ),
    (
        "copies",
        "SELECT article, CASE WHEN i % 40 = 0 THEN article ELSE lag(article) OVER (ORDER BY i) END AS source, "
        "CASE WHEN i % 40 = 0 THEN 'source' ELSE 'same' END AS kind, 1.0 AS similarity, 1.0 AS containment, "
        "moment AS appeared, portal FROM made WHERE i % 40 < 2",
    ),
)  # fmt: skip


def story(number: int, words: list[str], chance: random.Random) -> tuple[Capture, Article]:
    """Return a capture and what its page would have been read as, for landing."""

    def text(count: int) -> str:
        return " ".join(words[int(chance.random() ** 3 * WORDS)] for _ in range(count))

    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    address = f"https://portal.test/khabar/{number}/"
    capture = Capture(
        address, at, "bench.warc.gz", number * 100 + 1, 100, "", "response", 200, "text/html", (),
        b"", "sha256:0", about=About("portal", "https://portal.test/", LinkKind.FEED, 1),
    )  # fmt: skip
    menu = [
        Link(f"https://portal.test/vibhag-{n}/", LinkKind.NAVIGATION, "विभाग") for n in range(8)
    ]
    more = [
        Link(f"https://portal.test/khabar/{number + n}/", LinkKind.MORE_STORIES, "कड़ी")
        for n in range(1, 5)
    ]
    article = Article(
        address, PageType.STORY, text(10), text(STORY), ("लेखक",), Moment(at, "minute", 330, "json-ld", "x"),
        section="विभाग", tags=("टैग",), language="hi", links=(*menu, *more), reader="bench",
    )  # fmt: skip
    return capture, article
