"""The shipped questions give the right numbers, on a small newspaper and on nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archive
from archive import query as questions
from archive.errors import BadSetting
from archive.ingest import Ingest
from archive.store import connect
from tests.archive.store.newspaper import (
    EDITED,
    PARAGRAPHS,
    SITE,
    address,
    exchange,
    story_page,
    write,
    write_all,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("archive")
    write_all(made)
    page = story_page(
        2, title=EDITED, paragraphs=(*PARAGRAPHS[:3], "अब हालात सामान्य हैं।"), related=(3, 4)
    )
    copy = story_page(5, canonical=f"{SITE}/desh/nakal-5/")
    write(
        made,
        "three",
        [
            exchange(address(2), page, 2 * 24 * 60),
            exchange(f"{SITE}/desh/nakal-5/", copy, 2 * 24 * 60 + 1),
        ],
    )
    Ingest(made, workers=1).run()
    return made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("empty")
    connect(made, write=True).close()
    return made


def answer(folder: Path, name: str, **values: str) -> list[dict[str, Any]]:
    with archive.open(folder) as connection:
        return questions.ask(connection, questions.load(name), values).to_arrow_table().to_pylist()


@pytest.mark.parametrize("name", questions.names())
def test_a_question_to_an_empty_archive_has_no_rows(name: str, empty: Path) -> None:
    assert answer(empty, name) == []


def test_there_are_twenty_five_questions_at_least() -> None:
    assert len(questions.names()) >= 25


def test_timeline(folder: Path) -> None:
    (row,) = answer(folder, "timeline", term="बर्फबारी")
    assert (row["stories"], row["share"]) == (11, 100.0)
    with archive.open(folder) as connection:
        texts = connection.execute("SELECT title || ' ' || body FROM articles").fetchall()
    assert row["mentions"] == sum(text.count("बर्फबारी") for (text,) in texts)
    assert answer(folder, "timeline", term="कहींनहीं") == []


def test_headline_edits(folder: Path) -> None:
    (row,) = answer(folder, "headline-edits")
    assert (row["url"], row["after"]) == (address(2), EDITED)
    assert row["before"].startswith("हिमाचल में बर्फबारी से")
    assert row["unchanged_until"] < row["seen"]


def test_edits(folder: Path) -> None:
    second, first = sorted(answer(folder, "edits"), key=lambda row: row["number"], reverse=True)
    assert (first["number"], first["similarity"]) == (2, 1.0)  # only the headline changed
    assert second["number"] == 3
    assert 0.4 < second["similarity"] < 0.9
    assert second["words_after"] < second["words_before"]


def test_deleted_stories(folder: Path) -> None:
    (row,) = answer(folder, "deleted-stories")
    assert (row["url"], row["status"]) == (address(3), 410)
    assert row["last_seen"] < row["gone"]


def test_same_text(folder: Path) -> None:
    (row,) = answer(folder, "same-text")
    assert set(row["urls"]) == {address(5), f"{SITE}/desh/nakal-5/"}


def test_keyword_in_context(folder: Path) -> None:
    rows = answer(folder, "keyword-in-context", term="पर्यटकों", context="9", limit="3")
    for row in rows:
        assert PARAGRAPHS[1].split("पर्यटकों")[0].endswith(row["before"])
        assert PARAGRAPHS[1].split("पर्यटकों")[1].startswith(row["after"])
    assert len(rows) == 3


def test_first_to_report(folder: Path) -> None:
    (row,) = answer(folder, "first-to-report", term="बर्फबारी")
    assert row["hours_behind"] == 0
    assert row["url"] == address(1)


def test_more_stories_network(folder: Path) -> None:
    rows = answer(folder, "more-stories-network")
    assert (address(2), address(3), 3) in {(r["source"], r["target"], r["captures"]) for r in rows}


def test_central_stories(folder: Path) -> None:
    rows = answer(folder, "central-stories")
    assert rows[0]["rank"] >= rows[-1]["rank"]
    assert {row["url"] for row in rows} <= {address(n) for n in range(2, 9)}


def test_coverage(folder: Path) -> None:
    (row,) = answer(folder, "coverage-calendar")
    assert (row["stories"], row["days"] + row["empty_days"]) == (11, 28)
    gaps = answer(folder, "coverage-gaps")
    assert sum(gap["days"] for gap in gaps) + row["days"] == 20  # 2 to 21 February
    assert [g["days"] for g in gaps] == sorted((g["days"] for g in gaps), reverse=True)


def test_publishing_hours_are_on_the_portal_s_clock(folder: Path) -> None:
    (row,) = answer(folder, "publishing-hours")
    assert (row["hour"], row["stories"]) == (9, 11)


def test_crawl_yield(folder: Path) -> None:
    rows = {row["kind"]: row for row in answer(folder, "crawl-yield")}
    assert rows["feed"]["new_stories"] == 13  # two of them further pages of a story
    assert rows["feed"]["failed"] == 2
    assert rows["seed"]["stories"] == 0


def test_warc_inventory_and_politeness(folder: Path) -> None:
    rows = answer(folder, "warc-inventory")
    assert [(row["captures"], row["revisits"]) for row in rows] == [(14, 0), (5, 1), (2, 0)]
    gentle = {row["crawl"]: row for row in answer(folder, "politeness")}
    assert gentle["one"]["shortest_gap"] == 60.0
    assert gentle["one"]["requests"] == 14


def test_story(folder: Path) -> None:
    rows = answer(folder, "story", url=address(2))
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert rows == answer(folder, "story")
    assert all(row["warc"].endswith(".warc.gz") for row in rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1", "wants a question and a grain"),
        (
            "-- What?\n-- Grain: one row.\n-- Parameters:\n--   x INTEGER\nSELECT $x",
            "is not `name TYPE",
        ),
        ("-- What?\n-- Grain: one row.\nSELECT $x", "differ: x"),
        (
            "-- What?\n-- Grain: one row.\n-- Parameters:\n--   x DATE = NULL | day\nSELECT 1",
            "differ: x",
        ),
    ],
)
def test_a_header_that_is_not_as_it_should_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        questions.parse("mine", text)
