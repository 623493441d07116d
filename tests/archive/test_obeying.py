"""Everything that gives something out, on one archive of two portals, before and after exclusions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from archive import exclusions
from archive.cli.try_ import find_page
from archive.errors import BadSetting, StoreError
from archive.exclusions import FILE, target
from archive.export import Selection, export_articles
from archive.ingest import Ingest
from archive.package.choice import Choice, choose, take
from archive.package.sources import sources
from archive.package.warc import write_warc
from archive.portal import Portal
from archive.query import ask, load, select
from archive.rebuild import rebuild
from archive.replay.server import application
from archive.search.find import Only, find
from archive.store.connection import connect, snapshot_at
from archive.store.reader import open
from archive.warc.reader import read_captures
from archive.warc.writer import WarcWriter
from tests.archive.replay.serving import replaying
from tests.archive.store.newspaper import (
    EDITED,
    SITE,
    START,
    address,
    story_page,
    write_all,
    writing,
)
from tests.archive.store.newspaper import exchange as captured

NOW = datetime.now(UTC)
OTHER = "https://pahad.test"
DAY_ONE, DAY_TWO = START.date(), START.date() + timedelta(days=1)


def pahad(archive: Path) -> None:
    """Write a crawl of another portal, which copies the first one's stories."""
    portal = Portal("pahad", "पहाड़", f"{OTHER}/", "Asia/Kolkata", "hi")
    info = {"software": "morestories", "morestories-crawl": "pahad", **portal.to_warcinfo()}
    with closing(
        WarcWriter(archive / "warc", portal="pahad", info=info, now=lambda: START)
    ) as writer:
        for n in (1, 2, 3):
            page = captured(
                f"{OTHER}/shimla/{n}/",
                story_page(n, title=f"पहाड़ खबर {n}", canonical=f"{OTHER}/shimla/{n}/"),
                n,
            )
            writer.write(replace(page, about=replace(page.about, portal="pahad")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    write_all(folder)
    pahad(folder)
    Ingest(folder, workers=1).run()
    return folder


@pytest.fixture
def archive(made: Path) -> Iterator[Path]:
    yield made
    for name in (FILE, exclusions.HEAD):
        (made / name).unlink(missing_ok=True)


def take_out(archive: Path, what: str, first: date | None = None, last: date | None = None) -> None:
    exclusions.exclude(archive, target(what, first, last), reason="order 12", by="court", now=NOW)


def urls(archive: Path, table: str = "articles", as_of: datetime | None = None) -> set[str]:
    with open(archive, as_of=as_of) as connection:
        return {row[0] for row in select(connection, f"SELECT url FROM {table}").fetchall()}


def found(archive: Path, text: str, only: Only = Only()) -> set[str]:
    return {hit.url for hit in find(archive, text, only, limit=100).hits}


def counts(archive: Path) -> dict[str, int]:
    """Return how many rows each table and view gives."""
    names = ("captures", "readings", "links", "outcomes", "parts", "texts", "articles", "revisions",
             "sightings", "crawls", "observations", "copies", "gone")  # fmt: skip
    with open(archive) as connection:
        return {n: connection.execute(f"SELECT count(*) FROM {n}").fetchall()[0][0] for n in names}


STORY = address(2)  # seen on two days, edited between


def test_an_address_is_in_no_table_and_comes_back_whole(archive: Path) -> None:
    before = counts(archive)
    take_out(archive, STORY)
    assert STORY not in urls(archive) | urls(archive, "revisions") | urls(archive, "captures")
    after = counts(archive)
    assert after["articles"] == before["articles"] - 1
    assert after["revisions"] == before["revisions"] - 2
    assert after["captures"] == before["captures"] - 2
    with open(archive) as connection:
        for table, column in (("links", "from_url"), ("readings", "url"), ("sightings", "url")):
            sql = f"SELECT count(*) FROM {table} WHERE {column} = ?"
            assert connection.execute(sql, [STORY]).fetchall() == [(0,)]
        assert connection.execute(
            "SELECT what, reason, excluded_by FROM exclusions"
        ).fetchall() == [(STORY, "order 12", "court")]
    exclusions.undo(archive, target(STORY), reason="appeal", by="court", now=NOW)
    assert counts(archive) == before


@pytest.mark.parametrize(
    ("what", "gone"),
    [
        ("pahad", lambda url: url.startswith(OTHER)),
        (f"{SITE}/himachal/khabar-2*", lambda url: "/khabar-2" in url),
        (f"{SITE}/himachal/*", lambda url: "/himachal/" in url),
        ("*.pahad.test", lambda url: url.startswith(OTHER)),
        (f"{SITE}/himachal/khabar-1/*", lambda url: "/khabar-1/" in url),
    ],
)
def test_prefix_and_portal_hold_in_tables_search_and_replay(
    archive: Path, what: str, gone: Callable[[str], bool]
) -> None:
    every, captures = urls(archive), urls(archive, "captures")
    take_out(archive, what)
    assert urls(archive) == {url for url in every if not gone(url)} != every
    assert urls(archive, "captures") == {url for url in captures if not gone(url)}
    assert found(archive, "बर्फबारी") == {url for url in every if not gone(url)}
    one = next(url for url in sorted(captures) if gone(url))
    with replaying(archive) as server:
        assert server.get(f"/web/2026id_/{one}").status == 451
        assert server.get(f"/cdx?url={one}").status == 451
        assert server.get(f"/web/timemap/link/{one}").status == 451


def test_days_take_out_a_revision_and_leave_the_one_before(archive: Path) -> None:
    take_out(archive, "khabar", DAY_TWO)
    with open(archive) as connection:
        rows = connection.execute(
            "SELECT title, number, latest FROM revisions WHERE url = ?", [STORY]
        ).fetchall()
        title = connection.execute("SELECT title FROM articles WHERE url = ?", [STORY]).fetchall()
    assert len(rows) == 1
    assert rows[0][1:] == (1, True)
    assert title == [(rows[0][0],)]
    assert title != [(EDITED,)]
    assert address(30) not in urls(archive)
    assert found(archive, "थमी") == set()


def test_edits_are_those_of_the_revisions_that_are_left(tmp_path: Path) -> None:
    with writing(tmp_path, "khabar") as writer:
        for day, title in enumerate(["पहली खबर", "दूसरी खबर", "पहली खबर", "दूसरी खबर"]):
            page = story_page(1, title=title)
            writer.write(captured(address(1), page, day * 24 * 60))
    Ingest(tmp_path, workers=1).run()
    take_out(tmp_path, address(1), DAY_TWO, DAY_TWO)
    with open(tmp_path) as connection:
        left = connection.execute(
            "SELECT first_captured, number FROM revisions WHERE number > 1 ORDER BY ALL"
        ).fetchall()
        edits = ask(connection, load("edits"), {}).fetchall()
    assert sorted(row[:2] for row in edits) == left
    assert [number for _, number in left] == [3, 4]


def test_a_story_first_seen_on_excluded_days_stays_where_it_was_seen_again(archive: Path) -> None:
    """The site was hacked on one day; the next day's captures repeat what was there."""
    take_out(archive, "khabar", DAY_ONE, DAY_ONE)
    seen = urls(archive)
    assert address(1) in seen  # the next day's capture is a revisit of an excluded one
    assert STORY in seen
    assert address(5) not in seen  # only ever captured on that day
    with replaying(archive) as server:
        assert server.get(f"/web/20260302060000id_/{address(1)}").status == 200


def test_as_of_an_earlier_day_obeys_what_is_excluded_today(archive: Path) -> None:
    moment = datetime.now(UTC)
    with connect(archive, as_of=moment) as connection:
        snapshot = snapshot_at(connection, moment)
    assert STORY in urls(archive, as_of=moment)
    assert STORY in found(archive, "बर्फबारी", Only(snapshot=snapshot))
    take_out(archive, STORY)
    assert STORY not in urls(archive, as_of=moment)
    assert STORY not in urls(archive, "texts", as_of=moment)
    assert STORY not in found(archive, "बर्फबारी", Only(snapshot=snapshot))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT url FROM lake.texts",
        "FROM lake.main.captures",
        "SELECT url FROM texts AT (VERSION => 3)",
        "FROM table_changes('texts', 0, 9)",
        "FROM ducklake_table_changes('lake', 'main', 'texts', 0, 9)",
        "WITH x AS (FROM captures) SELECT * FROM x JOIN (FROM lake.texts) USING (url)",
        "SELECT (SELECT max(url) FROM lake.captures)",
        "FROM query('FROM lake.texts')",
        "SUMMARIZE lake.texts",
        "FROM 'lake/main/texts/x.parquet'",
        'FROM "x.parquet"',
        "FROM x.parquet",
        "FROM read_parquet('lake/**/*.parquet')",
        "FROM parquet_scan('lake/x')",
        "FROM read_text('warc/a')",
        "FROM glob('lake/*')",
        "SELECT * FROM captures, 'x.csv'",
        "SUMMARIZE 'lake/main/texts/x.parquet'",
        "SUMMARIZE x.parquet",
        "DESCRIBE FROM 'x.parquet'",
    ],
)
def test_no_statement_reaches_past_an_exclusion(archive: Path, sql: str) -> None:
    take_out(archive, STORY)
    with open(archive) as connection, pytest.raises(BadSetting, match="reaches past"):
        select(connection, sql)


def test_harmless_statements_are_still_read(archive: Path) -> None:
    take_out(archive, STORY)
    with open(archive) as connection:
        for sql in (
            "SELECT count(*) FROM texts WHERE url LIKE 'https://%/a.html'",
            "SELECT url FROM captures WHERE url GLOB '*.example/*'",
            "EXPLAIN SELECT url FROM texts WHERE url = 'https://a.example/b/'",
            "SUMMARIZE texts",
            "DESCRIBE texts",
            "SHOW TABLES",
        ):
            select(connection, sql)


def test_links_to_an_excluded_story_are_not_shown(archive: Path) -> None:
    count = f"SELECT count(*) FROM links WHERE to_url = '{STORY}'"
    with open(archive) as connection:
        assert connection.execute(count).fetchall()[0][0] > 0
    take_out(archive, STORY)
    with open(archive) as connection:
        assert connection.execute(count).fetchall() == [(0,)]


def test_try_shows_no_excluded_capture(archive: Path) -> None:
    with open(archive) as connection:
        warc, offset = connection.execute(
            "SELECT warc, warc_offset FROM captures WHERE url = ? ORDER BY captured LIMIT 1",
            [STORY],
        ).fetchall()[0]
    record = f"{archive / 'warc' / warc}#{offset}"
    assert find_page(record, "", archive).url == STORY
    take_out(archive, STORY)
    for page, folder in ((record, archive), (record, archive.parent), (STORY, archive)):
        with pytest.raises(BadSetting, match="order 12"):
            find_page(page, "", folder)


def test_search_in_sql_and_numbers_leave_it_out(archive: Path) -> None:
    before = find(archive, "बर्फबारी", facets=True)
    take_out(archive, "pahad")
    after = find(archive, "बर्फबारी", facets=True)
    assert after.total == before.total - 3
    assert after.facets is not None
    assert "pahad" not in dict(after.facets.named()["portal"])


def test_exports_leave_it_out(archive: Path, tmp_path: Path) -> None:
    take_out(archive, STORY)
    take_out(archive, "pahad")
    with open(archive) as connection:
        export_articles(connection, tmp_path / "out.jsonl", Selection())
        export_articles(connection, tmp_path / "out.duckdb", Selection())
    told = {json.loads(line)["url"] for line in (tmp_path / "out.jsonl").read_text().splitlines()}
    assert told == urls(archive)
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as portable:
        for table in ("captures", "texts", "articles", "readings"):
            rows = portable.execute(f"SELECT url FROM {table}").fetchall()
            assert rows
            assert not [url for (url,) in rows if url == STORY or url.startswith(OTHER)]
        assert not portable.execute(
            "SELECT 1 FROM duckdb_tables() WHERE table_name LIKE 'exclu%'"
        ).fetchall()


def test_a_package_never_takes_a_file_whole_that_holds_it(archive: Path, tmp_path: Path) -> None:
    take_out(archive, STORY)
    with open(archive) as connection:
        choose(connection, Choice(), most_bytes=1 << 60, most_pages=1 << 60)
        made = sources(connection, archive, take(connection, archive, 0))
    write_warc(tmp_path / "out.warc.gz", made)
    left = [one.url for one in read_captures(tmp_path / "out.warc.gz")]
    assert len(left) > 10
    assert STORY not in left
    assert [one.name for one in made if one.extract.whole] == [
        one.name for one in made if one.name.startswith("pahad")
    ]


def test_ingest_and_rebuild_keep_obeying(archive: Path) -> None:
    take_out(archive, STORY)
    before = counts(archive)
    rebuild(archive, workers=1)
    assert counts(archive) == before
    assert STORY not in found(archive, "बर्फबारी")
    exclusions.undo(archive, target(STORY), reason="appeal", by="court", now=NOW)
    assert STORY in urls(archive) & found(archive, "बर्फबारी")


def _with_tables(archive: Path) -> object:
    with open(archive) as connection:
        return connection


GIVES: dict[str, Callable[[Path], object]] = {
    "sql": _with_tables,
    "as of": lambda archive: open(archive, as_of=NOW),
    "search": lambda archive: find(archive, "बर्फबारी"),
    "replay": application,
}


@pytest.mark.parametrize("gives", GIVES)
def test_whoever_cannot_know_gives_nothing(archive: Path, gives: str) -> None:
    take_out(archive, STORY)
    path = archive / FILE
    path.write_bytes(path.read_bytes().replace(b"khabar-2", b"khabar-3"))
    with pytest.raises(StoreError, match="nothing is given out"):
        GIVES[gives](archive)


def test_a_replay_that_runs_stops_to_give(archive: Path) -> None:
    with replaying(archive) as server:
        assert server.get(f"/web/2026id_/{STORY}").status == 200
        take_out(archive, STORY)
        assert server.get(f"/web/2026id_/{STORY}").status == 451
        assert "order 12" in server.get(f"/web/2026id_/{STORY}").text
        (archive / FILE).unlink()
        assert server.get(f"/web/2026id_/{address(1)}").status == 500


def test_the_command_tells_and_lists(archive: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "crawler.cli",
            "exclude",
            *words,
            "--archive",
            str(archive),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = run(STORY, "--reason", "order 12", "--by", "court", "--json")
    assert json.loads(done.stdout)["captures"] == 2
    assert "nothing that was captured" in run("khabarr", "--reason", "typo").stderr
    assert run("khabarr", "--undo", "--reason", "typo").returncode == 0
    listed = json.loads(run("--list", "--json").stdout)
    assert [one["what"] for one in listed] == [STORY, "khabarr"]
    assert listed[1]["undone"]["reason"] == "typo"
    assert run("--list", "--aclj").stdout.startswith("test,khabar)/himachal/khabar-2### - {")
    assert run("pahad").returncode == 3  # without a reason
    (archive / exclusions.HEAD).write_text("{}")
    assert run("--list").returncode == 9
