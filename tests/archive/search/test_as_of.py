"""A search as of an earlier day finds stories by the text that stood then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import archive
from archive.cli import query as query_cli
from archive.errors import BadSetting
from archive.ingest import Ingest
from archive.search.find import Hit, Only, find
from archive.search.index import FOLDER, SearchIndex
from archive.store.connection import connect, snapshot_at
from archive.store.maintenance import merge
from tests.archive.store.newspaper import EDITED, address, first_crawl, second_crawl, write

app = typer.Typer()
query_cli.register(app)


@dataclass(frozen=True)
class Times:
    """Moments between what happened to the archive."""

    folder: Path
    first: datetime  # after the first crawl, before story 2 was edited
    second: datetime  # after the second crawl, before story 7 was taken out of the tables

    def hits(self, text: str, at: datetime | None = None) -> dict[str, Hit]:
        if at is None:
            return {hit.url: hit for hit in find(self.folder, text, limit=50).hits}
        with connect(self.folder) as connection:
            only = Only(snapshot=snapshot_at(connection, at))
        return {hit.url: hit for hit in find(self.folder, text, only, limit=50).hits}


def _as_it_grew(folder: Path) -> None:
    """The index as ingest kept it."""


def _made_anew(folder: Path) -> None:
    shutil.rmtree(folder / FOLDER)
    _update(folder)


def _made_anew_of_merged_files(folder: Path) -> None:
    _merge(folder)
    _made_anew(folder)


def _merge(folder: Path) -> None:
    with connect(folder, write=True) as connection:
        merge(connection, lambda: nullcontext(True))


def _caught_up_after_a_crash(folder: Path) -> None:
    """The note of how far it had come is older than the index itself: before the edit."""
    note = folder / FOLDER / "landed.json"
    state = json.loads(note.read_text())
    with connect(folder) as connection:
        edit = connection.execute(
            "SELECT max(snapshot_id) FROM lake.table_changes('texts', 1, $1) WHERE number = 2",
            [state["snapshot"]],
        ).fetchone()
    assert edit is not None
    note.write_text(json.dumps({**state, "snapshot": edit[0] - 1}))
    _update(folder)


def _caught_up_across_a_merge(folder: Path) -> None:
    """What had not come to the index yet was merged with what had."""
    _merge(folder)
    _caught_up_after_a_crash(folder)


def _update(folder: Path) -> None:
    index = SearchIndex(folder)
    with connect(folder) as connection:
        index.update(connection)
    index.close()


@pytest.fixture(
    scope="module",
    params=[
        _as_it_grew,
        _made_anew,
        _made_anew_of_merged_files,
        _caught_up_after_a_crash,
        _caught_up_across_a_merge,
    ],
    ids=lambda harm: harm.__name__.strip("_"),
)
def times(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Times:
    folder = tmp_path_factory.mktemp("archive")
    write(folder, "one", first_crawl())
    Ingest(folder, workers=1).run()
    first = datetime.now(UTC)
    write(folder, "two", second_crawl())
    Ingest(folder, workers=1).run()
    second = datetime.now(UTC)
    with connect(folder, write=True) as connection:
        connection.execute("DELETE FROM texts WHERE url = $1", [address(7)])
    _update(folder)
    change: Callable[[Path], None] = request.param
    change(folder)
    return Times(folder, first, second)


def test_an_edited_story_is_found_and_shown_as_it_stood(times: Times) -> None:
    then = times.hits("जनजीवन", times.first)
    assert then[address(2)].title != EDITED
    assert address(2) not in times.hits("जनजीवन")
    assert times.hits("थमी", times.first) == {}
    assert times.hits("थमी", times.second)[address(2)].title == EDITED
    assert set(times.hits("थमी")) == {address(2)}


def test_a_story_that_its_portal_deleted_is_found_then_and_now(times: Times) -> None:
    assert address(3) in times.hits("जनजीवन", times.first)
    assert address(3) in times.hits("जनजीवन")


def test_a_story_that_left_the_tables_is_found_only_before(times: Times) -> None:
    assert address(7) in times.hits("जनजीवन", times.second)
    assert address(7) not in times.hits("जनजीवन")


def test_nothing_is_found_twice_and_the_count_agrees_with_the_tables(times: Times) -> None:
    for at in (times.first, times.second, None):
        with archive.open(times.folder, as_of=at) as connection:
            urls = connection.execute(
                "SELECT url FROM articles WHERE body LIKE '%बर्फबारी%' ORDER BY url"
            ).fetchall()
            found = connection.execute(
                "SELECT url FROM search('बर्फबारी') JOIN articles USING (article) ORDER BY url"
            ).fetchall()
            (count,) = connection.execute("SELECT count(*) FROM search('बर्फबारी')").fetchall()[0]
        assert urls == found
        assert count == len(urls) == len(times.hits("बर्फबारी", at))


def test_facets_are_of_that_day_too(times: Times) -> None:
    with connect(times.folder) as connection:
        only = Only(snapshot=snapshot_at(connection, times.second))
    then = find(times.folder, "बर्फबारी", only, facets=True)
    now = find(times.folder, "बर्फबारी", facets=True)
    assert then.facets is not None
    assert now.facets is not None
    assert then.facets.portal == (("khabar", then.total),)
    assert now.facets.portal == (("khabar", then.total - 1),)
    assert now.facets.month == (("2026-02", now.total),)
    assert now.facets.section == (("हिमाचल", now.total),)
    assert now.facets.author == (("राकेश शर्मा", now.total),)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["search", *words])


def test_the_command_answers_as_of_a_moment(times: Times) -> None:
    moment = times.first.isoformat()
    words = ("--archive", str(times.folder), "--as-of", moment)
    found = json.loads(run("जनजीवन", "--json", "--facets", "-n", "50", *words).stdout)
    titles = {hit["url"]: hit["title"] for hit in found["hits"]}
    assert titles[address(2)] != EDITED
    assert found["facets"]["portal"] == {"khabar": found["total"]}
    assert run("थमी", *words).exit_code == 8


def test_a_moment_before_the_archive_is_said_in_words(times: Times) -> None:
    error = run("थमी", "--archive", str(times.folder), "--as-of", "2001-01-01").exception
    assert isinstance(error, BadSetting), error
    assert "2001-01-01" in str(error)


def test_facets_are_printed_under_the_hits(times: Times) -> None:
    shown = run("बर्फबारी", "--archive", str(times.folder), "--facets").stdout
    assert "portal   khabar 9" in shown
    assert "author   राकेश शर्मा 9" in shown
