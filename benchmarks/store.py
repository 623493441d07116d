"""How fast rows land, how fast questions are answered, and how much room it all takes.

    python -m benchmarks.store                                          # 20,000 stories
    python -m benchmarks.store --articles 1000000 --archive /tmp/bench  # kept there, used again
    python -m benchmarks.store --archive /tmp/bench --only queries --headers
    python -m benchmarks.store --archive /tmp/bench --only queries --queries edits timeline

makes an archive of synthetic Hindi stories (``benchmarks/_newspapers.py``) and prints every figure
beside its goal. Times are wall clock, medians, with the CPU seconds of all threads beside them;
"plain" is the same work on plain tables in a DuckDB file, in the same run: compare such ratios
between machines, not seconds. ``--headers`` writes the times into the headers of ``queries/``. The
search has a module of its own, ``benchmarks.search``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import duckdb

import archive
from archive import query as questions
from archive.article import Article
from archive.capture import Capture
from archive.ingest import BATCH
from archive.landed import Rows, rows_of
from archive.landing import Batch, Landing
from archive.reading import from_article
from archive.rows import capture_row, warc_row
from archive.store import connect, schema
from benchmarks._newspapers import FIRST_DAY, PORTALS, fill, story, url, vocabulary

LANDED = 20_000  # stories whose landing is timed
PARTS = ("landing", "lookups", "queries", "disk")
QUERIES = Path(__file__).parents[1] / "queries"


class Spent(NamedTuple):
    """Seconds on the clock and of all threads' processor time."""

    wall: float
    cpu: float

    def __add__(self, other: object) -> Spent:
        assert isinstance(other, Spent)
        return Spent(self.wall + other.wall, self.cpu + other.cpu)


def spent(work: Callable[[], Any], times: int = 1) -> Spent:
    """Return the medians of doing ``work``."""
    took = []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        work()
        took.append((time.perf_counter() - began, time.process_time() - used))
    wall, cpu = zip(*took, strict=True)
    return Spent(statistics.median(wall), statistics.median(cpu))


def row(what: str, measured: str, goal: str = "") -> None:
    """Print a row of the table."""
    print(f"| {what} | {measured} | {goal} |", flush=True)


def ms(took: Spent, plain: Spent | None = None) -> str:
    """Say how long it took, and how many times what plain tables took."""
    told = f"{took.wall * 1e3:,.1f} ms (CPU {took.cpu * 1e3:,.1f})"
    if plain is None:
        return told
    return f"{told}; {took.wall / plain.wall:.2f} × plain (CPU {took.cpu / plain.cpu:.2f})"


@contextmanager
def grown(folder: Path) -> Iterator[Path]:
    """Lend a copy of an archive that may grow: files that never change are shared, not copied."""
    copy = folder / "grown"
    shutil.rmtree(copy, ignore_errors=True)
    for part in ("lake", "search"):
        if (folder / part).exists():
            shutil.copytree(folder / part, copy / part, copy_function=_share)
    for file in folder.glob("catalog.sqlite*"):
        shutil.copy(file, copy)
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


def _share(source: str, target: str) -> None:
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy(source, target)


class Desk:
    """Lands made-up stories as ingest does, in its batches, and keeps the time.

    ``made`` is the time in which rows were made, ``landed`` that in which they were landed.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.made = self.landed = Spent(0, 0)
        self._landing = Landing(connection)
        self._chance = random.Random(2)
        self._words = vocabulary(self._chance)
        self._number = 0

    def land(self, stories: int) -> Self:
        """Land so many more. Making them up is not counted."""
        while stories > 0:
            some = [
                story(self._number + n, self._words, self._chance)
                for n in range(min(stories, BATCH))
            ]
            items: list[Rows] = []
            self.made += spent(partial(items.extend, map(_rows, some)))
            self.landed += spent(partial(self._land, items, some))
            self._number += len(some)
            stories -= len(some)
        return self

    def _land(self, items: list[Rows], some: list[tuple[Capture, Article]]) -> None:
        files = [] if self._number else [warc_row("bench.warc.gz", some[0][0])]
        self._landing.land(Batch(items, files, (), {"bench.warc.gz": some[-1][0].offset + 1}))


def _rows(read: tuple[Capture, Article]) -> Rows:
    capture, article = read
    return rows_of(capture_row(capture, "bench.warc.gz"), from_article(article))


def plain_tables(file: Path) -> duckdb.DuckDBPyConnection:
    """Return a new DuckDB file with the archive's tables and views, and nothing in them."""
    connection = duckdb.connect(str(file))
    connection.execute("SET TimeZone = 'UTC'")
    for sql in schema.tables():
        connection.execute(sql)
    for view in schema.VIEWS:
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    return connection


def landing(folder: Path, scratch: Path) -> None:
    """Stories a second through ``Landing``, their rows made by the same process or by readers."""
    with plain_tables(scratch / "landed.duckdb") as connection:
        plain = Desk(connection).land(LANDED)
    empty = scratch / "empty"
    empty.mkdir()
    with connect(empty, write=True) as connection:
        first = Desk(connection).land(LANDED)
    with grown(folder) as copy, connect(copy, write=True) as connection:
        beside = Desk(connection).land(LANDED)
    for what, desk in (("into an empty archive", first), ("beside all these", beside)):
        for how, took, floor in (
            (what, desk.made + desk.landed, plain.made + plain.landed),
            (f"{what}, rows made by readers as in ingest", desk.landed, plain.landed),
        ):
            row(
                f"landing {how}",
                f"{LANDED / took.wall:,.0f} stories/s ({LANDED / took.cpu:,.0f} a CPU second); "
                f"{took.wall / floor.wall:.2f} × plain empty tables' time (CPU {took.cpu / floor.cpu:.2f})",
                "≥ 2,000/s",
            )


def lookups(folder: Path, articles: int, scratch: Path) -> None:
    """The questions that pages and notebooks ask all the time."""
    address = url(articles // 2)
    portal = f"portal = 'portal-{articles // 2 % PORTALS}'"
    month = f"{portal} AND published_day BETWEEN {FIRST_DAY} + 1800 AND {FIRST_DAY} + 1829"
    asked = (
        ("article by URL", f"SELECT title, body FROM articles WHERE url = '{address}'", "< 50 ms"),
        ("and by portal", f"SELECT title FROM articles WHERE url = '{address}' AND {portal}", ""),
        ("a month of a portal, titles", f"SELECT title FROM articles WHERE {month}", "< 50 ms"),
        ("with bodies", f"SELECT title, body FROM articles WHERE {month}", "< 50 ms"),
        (
            "stories per portal and day, all",
            "SELECT portal, published_day, count(*) FROM articles GROUP BY ALL",
            "< 200 ms",
        ),
    )
    with archive.open(folder) as lake, plain_texts(folder, scratch) as plain:
        for what, sql, goal in asked:
            assert lake.execute(sql).fetchone(), what
            took, beside = (
                spent(lambda db=db, sql=sql: db.execute(sql).fetchall(), 9)  # type: ignore[misc]
                for db in (lake, plain)
            )
            row(what, ms(took, beside), goal)


def plain_texts(folder: Path, scratch: Path) -> duckdb.DuckDBPyConnection:
    """Return a plain DuckDB file with the archive's texts, in the same order."""
    file = scratch / "texts.duckdb"
    plain_tables(file).close()
    with connect(folder) as connection:
        connection.execute(f"ATTACH '{file}' AS plain")
        connection.execute("INSERT INTO plain.texts BY NAME FROM texts")
    return duckdb.connect(str(file), read_only=True)


def queries(folder: Path, names: list[str], headers: bool) -> None:
    """Each of these questions with its defaults, in a process of its own."""
    most = 0
    for name in names:
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks._ask", str(folder), name],
            stdout=subprocess.PIPE, check=True, cwd=QUERIES.parent,
        )  # fmt: skip
        found = json.loads(ran.stdout)
        most = max(most, found["peak"])
        row(
            f"query {name}",
            f"{found['seconds']:,.2f} s (CPU {found['cpu']:,.2f}), {found['rows']:,} rows, "
            f"{found['peak'] / 1e6:,.0f} MB",
            "< 2 GB",
        )
        if headers:
            _write_time(QUERIES / f"{name}.sql", found["seconds"])
    row("most memory of any query", f"{most / 1e6:,.0f} MB", "< 2 GB")


def _write_time(file: Path, seconds: float) -> None:
    told = f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    told = "under 0.1 s" if seconds < 0.1 else told
    text = file.read_text(encoding="utf-8")
    line = f"-- Time: {told} at 1 M articles, on two cores"
    file.write_text(re.sub(r"(?m)^-- Time: .*$", line, text, count=1), encoding="utf-8")


def disk(folder: Path, scratch: Path) -> None:
    """The room that tables take, beside plain zstd Parquet files of the same rows."""
    all_lake = all_plain = 0
    with connect(folder) as connection:
        for table in schema.TABLES:
            kept = connection.execute(
                f"SELECT coalesce(sum(data_file_size_bytes), 0) FROM ducklake_list_files('lake', '{table.name}')"
            ).fetchall()[0][0]
            file = scratch / f"{table.name}.parquet"
            connection.execute(f"COPY (FROM {table.name}) TO '{file}' (COMPRESSION zstd)")
            all_lake, all_plain = all_lake + kept, all_plain + file.stat().st_size
            if table.name == "texts":
                row("disk: texts", _room(kept, file.stat().st_size), "≤ 1.2 ×")
            file.unlink()
    row("disk: all tables", _room(all_lake, all_plain), "≤ 1.2 ×")
    index = sum(file.stat().st_size for file in (folder / "search").glob("*") if file.is_file())
    row("disk: search index", f"{index / 1e6:,.1f} MB")


def _room(kept: int, plain: int) -> str:
    return f"{kept / 1e6:,.1f} MB; {kept / plain:.2f} × plain zstd Parquet"


def measure(folder: Path, articles: int, parts: list[str], names: list[str], headers: bool) -> None:
    """Make the archive where it is missing, and print the table."""
    print("| what | measured | goal |\n|---|---|---|")
    if not (folder / "catalog.sqlite").exists():
        with connect(folder, write=True) as connection:
            took = spent(lambda: fill(connection, articles))
        row(f"{articles:,} stories made", f"{took.wall:,.0f} s (CPU {took.cpu:,.0f})")
    with connect(folder) as connection:
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchall()[0]
    row("stories", f"{articles:,}")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        room = Path(scratch)
        figures: dict[str, Callable[[], None]] = {
            "landing": partial(landing, folder, room),
            "lookups": partial(lookups, folder, articles, room),
            "queries": partial(queries, folder, names, headers),
            "disk": partial(disk, folder, room),
        }
        for part in parts:
            figures[part]()


def main() -> None:
    """Measure in the named archive, or in one that goes away."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--articles", type=int, default=20_000)
    options.add_argument("--archive", type=Path)
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument(
        "--queries", nargs="+", metavar="NAME", choices=questions.names(), default=questions.names()
    )
    options.add_argument("--headers", action="store_true")
    chosen = options.parse_args()
    named = (chosen.only, chosen.queries, chosen.headers)
    if chosen.archive is not None:
        chosen.archive.mkdir(parents=True, exist_ok=True)
        measure(chosen.archive.resolve(), chosen.articles, *named)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), chosen.articles, *named)


if __name__ == "__main__":
    main()
