"""Keys of stories, and ids that any run makes alike."""

from __future__ import annotations

import pytest

from archive.keys import canonical, ident, story_key, surt

STORY = "https://www.example.com/shimla/barfbari-1234/"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/shimla/barfbari-1234",
        "https://www.example.com/shimla/barfbari-1234/?utm_source=whatsapp&fbclid=x",
        "https://www.example.com/shimla/barfbari-1234/amp/",
        "https://www.example.com/shimla/barfbari-1234/?amp=1",
        "https://www.example.com/shimla/barfbari-1234/#comments",
    ],
)
def test_addresses_of_one_story_share_a_key(url: str) -> None:
    assert story_key(url) == story_key(STORY)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com/shimla/barfbari-1234/2/",
        "https://www.example.com/shimla/barfbari-1235/",
        "https://hindi.example.com/shimla/barfbari-1234/",
        "https://www.example.com/?p=1234",
    ],
)
def test_other_addresses_do_not(url: str) -> None:
    assert story_key(url) != story_key(STORY)


def test_an_encoded_and_a_bare_hindi_address_are_one() -> None:
    assert surt("https://example.com/बारिश") == surt(
        "https://example.com/%E0%A4%AC%E0%A4%BE%E0%A4%B0%E0%A4%BF%E0%A4%B6"
    )


@pytest.mark.parametrize(
    "url", ["http://[::1", "mailto:a@example.com", "", "http://e.example:99999/x"]
)
def test_what_is_no_address_is_its_own_key(url: str) -> None:
    assert story_key(url) == story_key(url)


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ("https://example.com/shimla/barfbari-1234", True),
        ("https://m.example.com/x", True),
        ("https://www.example.com/", False),
        ("https://other.example/shimla/barfbari-1234/", False),
        ("javascript:void(0)", False),
        ("http://[broken", False),
        ("", False),
    ],
)
def test_a_canonical_address_counts_only_where_it_can_be_true(declared: str, kept: bool) -> None:
    assert canonical(STORY, declared) == (declared if kept else STORY)


def test_ids_fit_a_bigint_and_parts_do_not_run_together() -> None:
    assert 0 <= ident("x") < 1 << 63
    assert ident("ab", "c") != ident("a", "bc")
