"""How fast rows land, how fast questions are answered, and how much room it all takes.

    python -m benchmarks.store --articles 1000000 --archive /tmp/bench

makes an archive of synthetic Hindi stories (no WARCs, rows only), then measures. Times are wall
clock on one machine, the median of three; compare ratios, not seconds, between machines.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

import archive
from archive import query as questions
from archive.article import Article, Moment, PageType
from archive.capture import About, Capture
from archive.ingest import BATCH
from archive.landing import Batch, Item, Landing
from archive.link import Link, LinkKind
from archive.reading import from_article
from archive.search.find import find, ranked
from archive.search.index import SearchIndex
from archive.store import connect
from archive.store.rows import capture_row, warc_row

WORDS = 5_000  # in the vocabulary; frequencies fall off as in a real text
STORY = 180  # words of a story
LINKS = 12  # links of a story
PORTALS = 20
CHUNK = 50_000  # stories in one insert, as a bulk import lands them
FIRST_DAY = "DATE '2016-01-01'"
DAYS = 3_650


def vocabulary(chance: random.Random) -> list[str]:
    """Return made-up words in Devanagari, the frequent ones short."""
    letters, signs = "कखगघचछजटडतथदधनपफबभमयरलवशसह", ["", "", "ा", "ि", "ी", "ु", "े", "ो", "ं", "्र"]
    made: dict[str, None] = {}
    while len(made) < WORDS:
        size = 1 + min(5, len(made) // 200)
        made["".join(chance.choice(letters) + chance.choice(signs) for _ in range(size))] = None
    return list(made)


def fill(connection: duckdb.DuckDBPyConnection, articles: int) -> None:
    """Land ``articles`` synthetic stories with captures, readings and links."""
    connection.execute("SELECT setseed(0.5)")
    connection.execute(
        "CREATE TEMP TABLE vocabulary AS SELECT unnest($1) AS word", [vocabulary(random.Random(1))]
    )
    connection.execute("SET VARIABLE words = (SELECT list(word) FROM vocabulary)")
    for start in range(0, articles, CHUNK):
        _fill_chunk(connection, start, min(articles, start + CHUNK), articles)


def _fill_chunk(connection: duckdb.DuckDBPyConnection, start: int, end: int, articles: int) -> None:
    def text(words: int) -> str:
        word = f"getvariable('words')[1 + floor(pow(random(), 3) * {WORDS})::INTEGER]"
        return f"array_to_string(list_transform(range({words}), x -> {word}), ' ')"

    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE made AS SELECT i, i * 7919 AS article, "
        f"'portal-' || (i % {PORTALS}) AS portal, {FIRST_DAY} + (i * {DAYS} // {articles})::INTEGER AS day, "
        f"'https://portal-' || (i % {PORTALS}) || '.test/khabar/' || i || '/' AS url, "
        f"{text(10)} AS title, {text(STORY)} AS body FROM range({start}, {end}) r(i)"
    )
    instant = "timezone('UTC', day::TIMESTAMP) + to_seconds(i % 86400)"
    connection.execute("BEGIN")
    connection.execute(
        f"INSERT INTO texts BY NAME SELECT article AS revision, article, 1 AS number, true AS latest, "
        f"portal, day AS published_day, {instant} AS published, url, title, body, "
        f"['लेखक ' || (i % 300)] AS authors, 'विभाग ' || (i % 12) AS section, ['टैग ' || (i % 500)] AS tags, "
        f"'hi' AS language, 'नगर ' || (i % 90) AS dateline, '' AS description, '' AS image, "
        f"{STORY} AS words, 1 AS pages, {instant} AS first_captured, i AS first_capture, i AS read_from, "
        f"'minute' AS published_precision, 330 AS published_offset, 'json-ld' AS published_source, "
        f"sha256(title || chr(10) || body) AS text_sha, 'bench' AS reader FROM made"
    )
    connection.execute(
        f"INSERT INTO captures BY NAME SELECT i AS capture, url, 'test,' || portal || ')/khabar/' || i AS surt, "
        f"{instant} AS captured, 200 AS status, 'text/html' AS type, portal, 'crawl-' || (i // 20000) AS crawl, "
        f"'feed' AS kind, '' AS via, 1 AS hops, 'response' AS record, 'sha256:' || sha256(url) AS digest, "
        f"60000 AS size, 'allowed' AS robots, article, 'bench-' || (i // 20000) AS warc, "
        f"(i % 20000) * 15000 AS warc_offset, 15000 AS warc_length FROM made"
    )
    connection.execute(
        f"INSERT INTO readings BY NAME SELECT i AS capture, {instant} AS captured, portal, "
        f"'crawl-' || (i // 20000) AS crawl, url, article AS address, article, 'story' AS page_type, "
        f"sha256(title || chr(10) || body) AS text_sha, 'bench' AS reader FROM made"
    )
    connection.execute(
        f"INSERT INTO links BY NAME SELECT url AS from_url, "
        f"'https://' || portal || '.test/khabar/' || to_i || '/' AS to_url, "
        f"CASE WHEN n < 3 THEN 'more_stories' WHEN n < 5 THEN 'body' ELSE 'navigation' END AS kind, "
        f"'कड़ी' AS text, n AS position, article AS from_article, to_i * 7919 AS to_article, portal, "
        f"{instant} AS captured, i AS capture "
        f"FROM (SELECT *, greatest(0, i - {PORTALS} * (1 + n * (i % 97))) AS to_i FROM made, range({LINKS}) t(n))"
    )
    connection.execute("COMMIT")


def landing_rate(folder: Path, articles: int = 4_000) -> float:
    """Return stories a second through ``Landing``: rows made, histories worked out, committed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chance = random.Random(2)
    words = vocabulary(chance)
    with connect(folder, write=True) as connection:
        landing = Landing(connection)
        made = [_item(n, words, chance) for n in range(articles)]
        began = time.perf_counter()
        for start in range(0, articles, BATCH):
            some = made[start : start + BATCH]
            items = [Item(capture_row(c, "bench.warc.gz"), from_article(a)) for c, a in some]
            files = [warc_row("bench.warc.gz", some[0][0])] if not start else []
            landing.land(Batch(items, files, (), {"bench.warc.gz": some[-1][0].offset + 1}))
        return articles / (time.perf_counter() - began)


def _item(number: int, words: list[str], chance: random.Random) -> tuple[Capture, Article]:
    def text(count: int) -> str:
        return " ".join(words[int(chance.random() ** 3 * WORDS)] for _ in range(count))

    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    url = f"https://portal.test/khabar/{number}/"
    capture = Capture(
        url, at, "bench.warc.gz", number * 100 + 1, 100, "", "response", 200, "text/html", (),
        b"", "sha256:0", about=About("portal", "https://portal.test/", LinkKind.FEED, 1),
    )  # fmt: skip
    menu = [
        Link(f"https://portal.test/vibhag-{n}/", LinkKind.NAVIGATION, "विभाग") for n in range(8)
    ]
    more = [
        Link(f"https://portal.test/khabar/{number + n}/", LinkKind.MORE_STORIES, "कड़ी")
        for n in range(1, 4)
    ]
    article = Article(
        url, PageType.STORY, text(10), text(STORY), ("लेखक",), Moment(at, "minute", 330, "json-ld", "x"),
        section="विभाग", tags=("टैग",), language="hi", links=(*menu, *more), reader="bench",
    )  # fmt: skip
    return capture, article


def median_ms(work: Callable[[], Any], times: int = 3) -> float:
    """Return the median wall-clock milliseconds of ``work``."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1_000


def ask_all(folder: Path, articles: int) -> None:
    """Print how long the figures of the design and each shipped question take."""
    middle = articles // 2 // PORTALS * PORTALS
    month = f"published_day BETWEEN {FIRST_DAY} + 1800 AND {FIRST_DAY} + 1829"
    with archive.open(folder) as connection:

        def sql(text: str) -> Callable[[], Any]:
            return lambda: connection.execute(text).fetchall()

        url = f"https://portal-0.test/khabar/{middle}/"
        line("article by URL", sql(f"SELECT title FROM articles WHERE url = '{url}'"))
        line(
            "article by URL and portal",
            sql(f"SELECT title FROM articles WHERE url = '{url}' AND portal = 'portal-0'"),
        )
        line(
            "a month of a portal",
            sql(f"SELECT title FROM articles WHERE portal = 'portal-3' AND {month}"),
        )
        line(
            "a month of a portal, bodies",
            sql(f"SELECT title, body FROM articles WHERE portal = 'portal-3' AND {month}"),
        )
        line(
            "per portal and day, all",
            sql("SELECT portal, published_day, count(*) FROM articles GROUP BY ALL"),
        )
        for name in questions.names():
            known = questions.load(name)
            line(name, partial(ask, connection, known), 1)


def ask(connection: duckdb.DuckDBPyConnection, known: questions.Query) -> None:
    """Ask a question with its defaults."""
    questions.ask(connection, known, {}).fetchall()


def line(name: str, work: Callable[[], Any], times: int = 3) -> None:
    """Print one measured line."""
    print(f"{name:32} {median_ms(work, times):10,.1f} ms", flush=True)


def search_figures(folder: Path) -> None:
    """Print how long the index takes to make, to grow and to answer."""
    index = SearchIndex(folder)
    with connect(folder, write=True) as connection:
        line("search: index all", lambda: index.update(connection), 1)
        connection.execute(
            "UPDATE texts SET title = title || ' नया' WHERE article IN "
            "(SELECT article FROM texts LIMIT 1000)"
        )
        line("search: 1,000 stories changed", lambda: index.update(connection), 1)
    index.close()
    words = vocabulary(random.Random(1))
    texts = [
        words[300],
        f"{words[40]} {words[900]}",
        f'"{words[3]} {words[5]}"',
        f"{words[2500]} -{words[4]}",
    ]
    for number, text in enumerate(texts):
        line(f"search: top 10 ids, {number}", partial(ranked, folder, text, 10))
        line(f"search: top 10 with snippets, {number}", partial(find, folder, text))
        line(f"search: and with facets, {number}", partial(find, folder, text, facets=True))


def sizes(folder: Path) -> None:
    """Print the room that texts take, beside one plain zstd Parquet file of the same rows."""
    plain = folder / "plain.parquet"
    with archive.open(folder) as connection:
        connection.execute(f"COPY (FROM texts) TO '{plain}' (COMPRESSION zstd)")
    lake = sum(f.stat().st_size for f in (folder / "lake").rglob("*") if "texts" in f.parts)
    ratio = lake / plain.stat().st_size
    print(f"{'texts on disk':32} {lake / 1e6:10,.1f} MB, {ratio:.2f} of plain zstd Parquet")
    plain.unlink()
    for name in ("lake", "search"):
        size = sum(f.stat().st_size for f in (folder / name).rglob("*") if f.is_file())
        print(f"{name:32} {size / 1e6:10,.1f} MB")


def main() -> None:
    """Make the archive where it is missing, and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=100_000)
    options.add_argument("--archive", type=Path, required=True)
    chosen = options.parse_args()
    folder: Path = chosen.archive
    print(f"{'landing':32} {landing_rate(folder / 'landing'):10,.0f} stories/s", flush=True)
    if not (folder / "catalog.sqlite").exists():
        with connect(folder, write=True) as connection:
            line(
                f"making {chosen.articles:,} stories", lambda: fill(connection, chosen.articles), 1
            )
    ask_all(folder, chosen.articles)
    search_figures(folder)
    sizes(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{'peak memory':32} {peak / (1 if sys.platform == 'darwin' else 1024):10,.0f} MB")


if __name__ == "__main__":
    main()
