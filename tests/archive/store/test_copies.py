"""Copies: what is one text on two portals, whatever the order in which it was landed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from archive.copies import are_copies, clusters, keys, kind_of, likeness, text_of
from archive.store import connect
from archive.store.copies import appeared, update_copies
from tests.archive.store.newspaper import LAST_PAGE, PARAGRAPHS

AGENCY = "\n".join((*PARAGRAPHS, *LAST_PAGE))
DAY = datetime(2026, 3, 1, 6, tzinfo=UTC)
MANDI = (
    "आज मंडी में टमाटर का भाव {} रुपये प्रति किलो रहा जबकि आलू {} रुपये और प्याज {} रुपये प्रति किलो "
    "के भाव पर बिका और व्यापारियों ने बताया कि आवक सामान्य रही"
)
STORIES = (
    (1, "pahla", 0, AGENCY),
    (2, "dusra", 2, "\n".join(PARAGRAPHS[:3])),
    (3, "tisra", 3, AGENCY.replace("सोमवार", "आज").replace("मशीनें", "जेसीबी मशीनें")),
    (4, "dusra", 5, MANDI.format(20, 31, 42)),
    (5, "dusra", 29, MANDI.format(25, 33, 47)),
    (6, "tisra", 30, MANDI.format(25, 33, 47)),
    (7, "pahla", 9, "बर्फबारी से सड़कें बंद।"),
)


def put(connection: duckdb.DuckDBPyConnection, story: Sequence[Any], revision: int = 0) -> None:
    article, portal, hours, body = story
    connection.execute("UPDATE texts SET latest = false WHERE article = ?", [article])
    connection.execute(
        "INSERT INTO texts BY NAME SELECT $1 AS revision, $2 AS article, true AS latest, "
        "$3 AS portal, $4 AS url, $5 AS body, sha256($5) AS text_sha, $6::TIMESTAMPTZ AS published, "
        "'minute' AS published_precision, $7::TIMESTAMPTZ AS first_captured",
        [
            revision or article * 10,
            article,
            portal,
            f"https://{portal}.test/{article}",
            body,
            DAY + timedelta(hours=hours),
            DAY + timedelta(hours=hours + 10),
        ],
    )


def rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return connection.execute("FROM copies ORDER BY article").fetchall()


@pytest.mark.parametrize("batches", [[[0, 1, 2, 3, 4, 5, 6]], [[6], [5, 2], [4], [1], [3, 0]]])
def test_any_order_of_landing_gives_the_same_copies(
    batches: list[list[int]], tmp_path: Path
) -> None:
    with connect(tmp_path, write=True) as connection:
        for batch in batches:
            for place in batch:
                put(connection, STORIES[place])
            update_copies(connection)
        found = [(article, source, kind) for article, source, kind, *_ in rows(connection)]
        assert found == [
            (1, 1, "source"), (2, 1, "cut"), (3, 1, "edited"), (5, 5, "source"), (6, 5, "same"),
        ]  # fmt: skip
        assert update_copies(connection) == 0


def test_a_revision_is_no_copy_and_may_end_one(tmp_path: Path) -> None:
    with connect(tmp_path, write=True) as connection:
        put(connection, STORIES[0])
        put(connection, (1, "pahla", 1, AGENCY + " और"), revision=11)
        update_copies(connection)
        assert rows(connection) == []
        put(connection, STORIES[2])
        update_copies(connection)
        assert [row[0] for row in rows(connection)] == [1, 3]
        put(connection, (3, "tisra", 3, MANDI.format(1, 2, 3)), revision=31)
        assert update_copies(connection) == 1
        assert rows(connection) == []


def test_a_story_that_is_no_more_leaves_the_cluster(tmp_path: Path) -> None:
    with connect(tmp_path, write=True) as connection:
        for place in (0, 1, 2):
            put(connection, STORIES[place])
        update_copies(connection)
        connection.execute("DELETE FROM texts WHERE article = 1")
        update_copies(connection)
        assert {(row[0], row[1]) for row in rows(connection)} == {(2, 2), (3, 2)}


def test_one_headline_or_one_quote_makes_no_copy() -> None:
    one = text_of("\n".join((PARAGRAPHS[0], *LAST_PAGE)))
    other = text_of("\n".join((PARAGRAPHS[0], *PARAGRAPHS[1:])))
    assert not are_copies(one, other, one_portal=False)


ACCIDENT = (
    "{} के पास सड़क हादसे में एक व्यक्ति की मौत हो गई और {} घायल हो गए। पुलिस ने शव कब्जे में लेकर "
    "मामला दर्ज कर लिया है और हादसे के कारणों की जांच शुरू कर दी है।"
)


def test_briefs_of_two_accidents_are_no_copies_and_a_credited_one_is() -> None:
    """Two thirds of their three-word runs are the same stock phrases."""
    one = text_of(ACCIDENT.format("शिमला", "दो लोग"))
    other = text_of(ACCIDENT.format("सोलन में कंडाघाट", "चार यात्री"))
    assert set(keys(ACCIDENT.format("शिमला", "दो लोग")))  # long enough to be compared
    assert 0.6 < likeness(one, other).containment < 0.9
    assert not are_copies(one, other, one_portal=False)
    credited = text_of("नई दिल्ली। " + ACCIDENT.format("शिमला", "दो लोग") + " (भाषा)")
    assert are_copies(one, credited, one_portal=False)


def test_keys_of_older_rules_are_made_anew_and_their_copies_judged_again(tmp_path: Path) -> None:
    with connect(tmp_path, write=True) as connection:
        for place in (0, 1):
            put(connection, STORIES[place])
        update_copies(connection)
        connection.execute("UPDATE signatures SET rules = rules - 1")
        connection.execute("UPDATE copies SET kind = 'same'")  # what older rules said
        assert update_copies(connection) == 2
        assert [row[2] for row in rows(connection)] == ["source", "cut"]


def test_figures_tell_template_texts_apart() -> None:
    one, other = text_of(MANDI.format(20, 31, 42)), text_of(MANDI.format(25, 33, 47))
    assert not are_copies(one, other, one_portal=True)
    assert not are_copies(one, other, one_portal=False)
    assert are_copies(one, one, one_portal=True)


def test_kinds_are_told_from_the_copy_s_side() -> None:
    whole, part = text_of(AGENCY), text_of("\n".join(PARAGRAPHS[:3]))
    assert (kind_of(part, whole), kind_of(whole, part)) == ("cut", "extended")
    assert kind_of(whole, whole) == "same"


def test_keys_keep_hindi_words_whole_and_a_short_text_has_none() -> None:
    assert keys("बर्फबारी से सड़कें बंद") == []
    assert set(keys(AGENCY)) & set(keys("\n".join(PARAGRAPHS[:3])))
    assert len(keys(AGENCY)) == 32


def test_clusters_join_what_is_joined_through_a_third() -> None:
    keyed = {1: [7], 2: [7, 8], 3: [8], 4: [8]}
    assert clusters(keyed, lambda a, b: 4 not in (a, b)) == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("precision", "hours"), [("minute", 0), ("day", 20), ("month", 20), (None, 20)]
)
def test_a_story_is_out_when_it_says_at_the_precision_it_says(
    precision: str | None, hours: int
) -> None:
    captured = DAY + timedelta(hours=20)
    assert appeared(DAY, precision, captured) == DAY + timedelta(hours=hours)
    assert appeared(captured + timedelta(days=1), precision, captured) == captured


def test_what_was_compared_before_is_not_compared_again() -> None:
    keyed = {one: [7] for one in range(1, 101)} | {200: [7]}
    asked: list[tuple[int, int]] = []

    def copies(a: int, b: int) -> bool:
        asked.append((a, b))
        return a == 3

    settled = {one: one for one in range(1, 99)} | {99: 1, 100: 1}
    assert clusters(keyed, copies, settled) == [[3, 200]]
    assert len(asked) <= 100
    assert all(b == 200 for _, b in asked)
    assert clusters({1: [7], 2: [7]}, copies, {1: 1, 2: 1}) == []


def test_random_moves_in_any_order_end_as_all_at_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    parts = [" ".join(f"शब्द{chance.randrange(900)}" for _ in range(20)) for _ in range(12)]
    bodies = ["\n".join(chance.sample(parts, chance.choice((2, 3, 4)))) for _ in range(40)]
    stories = [(n, f"portal-{n % 3}", n % 5, body) for n, body in enumerate(bodies, 1)]
    with connect(tmp_path, write=True) as connection:
        for step in range(60):
            article, portal, hours, body = chance.choice(stories)
            if chance.random() < 0.2:
                connection.execute("DELETE FROM texts WHERE article = ?", [article])
            else:
                body = chance.choice((body, chance.choice(bodies)))
                put(connection, (article, portal, hours, body), revision=1_000 + step)
            if chance.random() < 0.4:
                update_copies(connection)
        update_copies(connection)
        found = rows(connection)
        connection.execute("DELETE FROM copies")
        connection.execute("DELETE FROM signatures")
        update_copies(connection)
        assert len(found) > 5
        assert rows(connection) == found
