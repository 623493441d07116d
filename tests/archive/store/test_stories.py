"""The history of a story: any order of landing gives the same revisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archive.store.stories import Claim, Group, Sighting, groups, revisions

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def seen(minute: int, text: str, *, slot: int = 0, crawl: str = "") -> Sighting:
    return Sighting(NOON + timedelta(minutes=minute), minute, slot, text, minute, crawl)


def shown(*sightings: Sighting) -> list[tuple[int, tuple[str, ...]]]:
    return [(r.first.capture, tuple(t for _, t in r.texts)) for r in revisions(sightings)]


def test_an_unchanged_recapture_is_no_revision() -> None:
    assert shown(seen(1, "a"), seen(2, "a"), seen(3, "a")) == [(1, ("a",))]


def test_an_edit_taken_back_is_a_third_revision() -> None:
    assert shown(seen(1, "a"), seen(2, "b"), seen(3, "a")) == [
        (1, ("a",)),
        (2, ("b",)),
        (3, ("a",)),
    ]


def test_a_page_seen_later_belonged_to_the_story_all_along() -> None:
    assert shown(seen(1, "a"), seen(2, "a2", slot=1), seen(3, "a3", slot=2)) == [
        (1, ("a", "a2", "a3"))
    ]


def test_an_edit_to_a_further_page_is_a_revision() -> None:
    got = shown(seen(1, "a"), seen(2, "a2", slot=1), seen(9, "b2", slot=1, crawl="next"))
    assert got == [(1, ("a", "a2")), (9, ("a", "b2"))]


def test_one_crawl_that_finds_both_pages_edited_makes_one_revision() -> None:
    got = shown(
        seen(1, "a", crawl="1"),
        seen(2, "a2", slot=1, crawl="1"),
        seen(8, "b", crawl="2"),
        seen(9, "b2", slot=1, crawl="2"),
    )
    assert got == [(1, ("a", "a2")), (8, ("b", "b2"))]


def test_two_edits_of_one_page_in_one_crawl_are_two() -> None:
    got = shown(seen(1, "a", crawl="1"), seen(2, "b", crawl="2"), seen(3, "c", crawl="2"))
    assert [first for first, _ in got] == [1, 2, 3]


@given(
    st.lists(
        st.builds(
            seen,
            st.integers(0, 30),
            st.sampled_from("abc"),
            slot=st.integers(0, 2),
            crawl=st.sampled_from("12"),
        ),
        max_size=8,
        unique_by=lambda s: s.capture,
    ),
    st.randoms(),
)
def test_the_order_of_landing_does_not_matter(sightings: list[Sighting], chance: object) -> None:
    shuffled = list(sightings)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert revisions(shuffled) == revisions(sightings)


def claims(article: int, url: str, *pages: tuple[int, str]) -> list[Claim]:
    return [Claim(article, url, page, page_url, n) for n, (page, page_url) in enumerate(pages, 1)]


def test_pages_follow_in_the_order_that_the_first_page_names() -> None:
    named = claims(
        1, "https://e.example/a/", (3, "https://e.example/a/2/"), (2, "https://e.example/a/3/")
    )
    assert groups([2], named, frozenset({1, 2, 3})) == [Group(1, (3, 2))]


def test_pages_that_name_each_other_have_one_first_page() -> None:
    named = claims(1, "https://e.example/a/", (2, "https://e.example/a/2/"))
    named += claims(
        2, "https://e.example/a/2/", (1, "https://e.example/a/"), (3, "https://e.example/a/3/")
    )
    assert groups([1, 2, 3], named, frozenset({1, 2, 3})) == [Group(1, (2, 3))]


def test_a_second_page_whose_first_is_not_here_stands_for_the_story() -> None:
    named = claims(2, "https://e.example/a/2/", (1, "https://e.example/a/"))
    assert groups([2], named, frozenset({2})) == [Group(2, (1,))]


def test_a_story_that_nothing_claims_is_its_own() -> None:
    assert groups([7], [], frozenset({7})) == [Group(7)]
