"""Search through the command, kept in step with the tables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner

import archive
from archive.cli import query as query_cli
from archive.errors import BadSetting, StoreError
from archive.ingest import Ingest
from archive.search.common import pairs
from archive.search.find import Only, find
from archive.search.index import FOLDER
from archive.search.question import parse
from tests.archive.store.newspaper import EDITED, address, first_crawl, second_crawl, write

app = typer.Typer()
query_cli.register(app)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("archive")
    write(made, "one", first_crawl())
    Ingest(made, workers=1).run()
    write(made, "two", second_crawl())
    Ingest(made, workers=1).run()
    return made


def urls(folder: Path, text: str, *, limit: int = 10, **only: Any) -> list[str]:
    return [hit.url for hit in find(folder, text, Only(**only), limit=limit).hits]


def test_an_edited_story_is_found_by_its_new_words_only(folder: Path) -> None:
    assert urls(folder, "थमी") == [address(2)]
    assert address(2) not in urls(folder, "जनजीवन", limit=50)
    assert len(urls(folder, "जनजीवन", limit=50)) == 9


def test_phrases_exclusions_and_alternatives(folder: Path) -> None:
    assert urls(folder, '"खुलने सड़कें"') == []
    assert urls(folder, '"सड़कें खुलने लगीं"') == [address(2)]
    assert urls(folder, "सड़क -जनजीवन") == [address(2)]
    assert urls(folder, "थमी OR एंबुलेंस*") == [address(2), address(20)]


def test_a_phrase_of_common_words_is_found_as_a_phrase(folder: Path) -> None:
    """These have pairs in the index: alone, in a longer phrase, with a rare word, left out."""
    assert len(urls(folder, '"अगले दो दिनों तक"', limit=50)) == 10
    assert set(pairs(parse('"ने बताया कि"').wanted[0][0].words)) == {"ने+बताय", "बताय+कि"}
    told = set(urls(folder, '"ने बताया"', limit=50))
    assert told == set(urls(folder, '"ने बताया कि"', limit=50)) != set()
    assert urls(folder, '"बताया ने"') == urls(folder, '"कि ने बताया"') == []
    assert urls(folder, '"ने कहा कि प्रभावित"') == [address(20)]
    assert urls(folder, '"ने कहा कि राहत"') == urls(folder, '"ने कहा" -"ने बताया"') == []
    assert urls(folder, '"ने कहा कि"') == [address(20)]


def test_a_beginning_finds_the_words_that_begin_so_and_no_others(folder: Path) -> None:
    assert urls(folder, "परिवारो*") == urls(folder, "एंबुलें*") == [address(20)]
    assert urls(folder, "परिवारा*") == []
    assert len(urls(folder, "पर्यटको*", limit=50)) == len(urls(folder, "पर्यटकों", limit=50)) == 10
    (hit,) = find(folder, "परिवारो*").hits
    assert [hit.snippet[a:b] for a, b in hit.marks] == ["परिवारों"]


def test_headlines_are_marked_too(folder: Path) -> None:
    (hit,) = find(folder, '"बर्फबारी थमी"').hits
    assert [hit.title[a:b] for a, b in hit.title_marks] == ["बर्फबारी", "थमी"]
    assert hit.marks == ()


def test_a_portal_without_stories_yet_is_no_mistake(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "portals").mkdir(exist_ok=True)
    (copy / "portals" / "naya.toml").touch()
    assert urls(copy, "बर्फबारी", portal="naya") == []


def test_a_limit_beyond_all_stories_is_no_mistake(folder: Path) -> None:
    assert len(urls(folder, "बर्फबारी", limit=10**15)) == 10


def test_a_word_on_a_third_page_finds_the_story(folder: Path) -> None:
    assert urls(folder, "एंबुलेंस") == [address(20)]


def test_days_and_portals_narrow_the_search(folder: Path) -> None:
    assert set(urls(folder, "बर्फबारी", since=_day(4), until=_day(5))) == {address(3), address(4)}
    with pytest.raises(BadSetting, match="did you mean 'khabar'"):
        urls(folder, "बर्फबारी", portal="khabr")
    with pytest.raises(BadSetting, match="portals with stories: khabar"):
        urls(folder, "बर्फबारी", portal="other")
    with pytest.raises(BadSetting, match="2026-02-05"):
        urls(folder, "बर्फबारी", since=_day(5), until=_day(4))
    assert len(urls(folder, "बर्फबारी", portal="khabar", limit=50)) == 10


def _day(number: int) -> Any:
    from datetime import date

    return date(2026, 2, number)


def test_the_command_prints_hits_and_says_when_there_is_none(folder: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["search", "थमी", "--archive", str(folder)])
    assert shown.exit_code == 0
    assert EDITED in shown.stdout
    found = runner.invoke(app, ["search", "पर्यटक", "-n", "1", "--json", "--archive", str(folder)])
    answer = json.loads(found.stdout)
    assert answer["total"] == 10
    (hit,) = answer["hits"]
    assert [hit["snippet"][a:b] for a, b in hit["marks"]] == ["पर्यटकों"]
    assert runner.invoke(app, ["search", "कहींनहीं", "--archive", str(folder)]).exit_code == 8
    wrong = runner.invoke(app, ["search", "थमी", "--from", "x", "--archive", str(folder)])
    assert isinstance(wrong.exception, BadSetting)


def test_search_is_a_table_in_sql(folder: Path) -> None:
    sql = "SELECT url FROM search('थमी') JOIN articles USING (article)"
    with archive.open(folder) as connection:
        assert connection.execute(sql).fetchall() == [(address(2),)]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("search()", "nothing to look for: give words"),
        ("search(NULL)", "nothing to look for: give words"),
        ("search('')", "nothing to look for: give at least one word"),
        ("search('-थमी')", "only what to leave out"),
        ("search('कोविड-19*')", "the rest of one word"),
        ("search('थमी', most := 0)", "most := 0 is no number"),
        ("search('थमी', most := NULL)", "most := NULL is no number"),
        ("search('थमी', most := 2.5)", "most := 2.5 is no number"),
        ("search('थमी', 'many')", "most := many is no number"),
    ],
)
def test_a_bad_call_in_sql_is_said_in_words(folder: Path, call: str, says: str) -> None:
    with archive.open(folder) as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute(f"FROM {call}").fetchall()
    assert str(raised.value).startswith("Invalid Input Error: search(): ")
    assert says in str(raised.value)
    assert "Traceback" not in str(raised.value)
    assert "UDF" not in str(raised.value)
    shown = CliRunner().invoke(app, ["sql", f"FROM {call}", "--archive", str(folder)])
    assert isinstance(shown.exception, BadSetting)
    assert str(shown.exception).startswith("search(): ")


def test_in_sql_a_search_joins_row_by_row_and_is_cut(folder: Path) -> None:
    with archive.open(folder) as connection:
        rows = connection.execute(
            "SELECT word, count(*) FROM (VALUES ('थमी'), ('एंबुलेंस'), ('पर्यटक')) w(word), search(word) "
            "GROUP BY word ORDER BY word"
        ).fetchall()
        cut = connection.execute("SELECT count(*) FROM search('पर्यटक', most := 3)").fetchall()
        year = connection.execute("SELECT count(*) FROM search(2026)").fetchall()
    assert rows == [("एंबुलेंस", 1), ("थमी", 1), ("पर्यटक", 10)]
    assert cut == [(3,)]
    assert year == [(0,)]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("gone", "not there yet: `morestories ingest"),
        ("a file", "not there yet: `morestories ingest"),
        ("unnoted", "another version of morestories: `morestories ingest"),
        ("older", "another version of morestories: `morestories ingest"),
        ("torn", "delete that folder, and `morestories ingest"),
        ("mangled", "delete that folder, and `morestories ingest"),
    ],
)
def test_a_broken_index_is_said_and_made_anew_as_advised(
    harm: str, says: str, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    index = copy / FOLDER
    if harm == "gone":
        shutil.rmtree(index)
    elif harm == "a file":
        shutil.rmtree(index)
        index.touch()
    elif harm == "unnoted":
        (index / "landed.json").write_text("null")
    elif harm == "older":
        (index / "landed.json").write_text('{"snapshot": 1, "keys": 0}')
    else:
        for segment in index.glob("*.term"):
            segment.unlink() if harm == "torn" else segment.write_bytes(b"\0" * 4_096)
    with pytest.raises(StoreError, match=says):
        urls(copy, "थमी")
    shown = CliRunner().invoke(app, ["search", "थमी", "--archive", str(copy)])
    assert isinstance(shown.exception, StoreError)
    shown = CliRunner().invoke(app, ["sql", "FROM search('थमी')", "--archive", str(copy)])
    assert isinstance(shown.exception, StoreError)
    if "delete that folder" in says:
        shutil.rmtree(index)
    Ingest(copy, workers=1).run()
    assert urls(copy, "थमी") == [address(2)]
    assert len(urls(copy, "बर्फबारी", limit=50)) == 10


def test_a_crash_between_index_and_note_adds_nothing_twice(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    note = copy / FOLDER / "landed.json"
    state = json.loads(note.read_text())
    note.write_text(json.dumps({**state, "snapshot": state["snapshot"] - 5}))
    Ingest(copy, workers=1).run()
    assert len(urls(copy, "बर्फबारी", limit=50)) == 10
