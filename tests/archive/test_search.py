"""Search through the command, kept in step with the tables."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
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
from archive.search.find import Only, find
from archive.search.index import FOLDER
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


def test_a_word_on_a_third_page_finds_the_story(folder: Path) -> None:
    assert urls(folder, "एंबुलेंस") == [address(20)]


def test_days_and_portals_narrow_the_search(folder: Path) -> None:
    assert set(urls(folder, "बर्फबारी", since=_day(4), until=_day(5))) == {address(3), address(4)}
    assert urls(folder, "बर्फबारी", portal="other") == []
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


def test_search_is_a_table_in_sql_or_says_what_it_lacks(folder: Path) -> None:
    sql = "SELECT url FROM search('थमी') JOIN articles USING (article)"
    with archive.open(folder) as connection:
        if find_spec("numpy") is not None:
            assert connection.execute(sql).fetchall() == [(address(2),)]
        else:
            with pytest.raises(duckdb.Error, match="pip install numpy"):
                connection.execute(sql)


@pytest.mark.parametrize("harm", ["gone", "torn", "older"])
def test_a_broken_index_is_made_anew_by_the_next_ingest(
    harm: str, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    index = copy / FOLDER
    if harm == "gone":
        shutil.rmtree(index)
        with pytest.raises(StoreError, match="morestories ingest"):
            urls(copy, "थमी")
    elif harm == "torn":
        for segment in index.glob("*.term"):
            segment.unlink()
        with pytest.raises(StoreError, match="morestories rebuild"):
            urls(copy, "थमी")
        (index / "landed.json").unlink()
    else:
        (index / "landed.json").write_text('{"snapshot": 1, "keys": 0}')
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
