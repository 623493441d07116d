"""What a Hindi reader takes for one word is found as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import BadSetting
from archive.search.keys import key, keyed
from archive.search.question import Question, Term, parse
from archive.search.snippet import snippet


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ज़िला", "जिला"),  # nukta and none
        ("\u095bिला", "जिला"),  # nukta as part of one character
        ("गाँव", "गांव"),
        ("हिन्दी", "हिंदी"),
        ("सम्बन्ध", "संबंध"),
        ("पञ्जाब", "पंजाब"),
        ("दुःख", "दुख"),
        ("गये", "गए"),
        ("नयी", "नई"),
        ("कॉलेज", "कालेज"),
        ("क्\u200dया", "क्या"),
        ("हादसा", "हादसे"),
        ("हादसा", "हादसों"),
        ("सड़क", "सड़कें"),
        ("नदी", "नदियों"),
        ("योजना", "योजनाओं"),
        ("२०२६", "2026"),
        ("Shimla", "SHIMLA"),
        ("Café", "cafe"),
    ],
)
def test_one_word(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("की", "का"), ("में", "मैं"), ("दिन", "दीन"), ("कल", "काल"), ("बस", "बस्ती"), ("सेव", "सेवक")],
)
def test_two_words(one: str, other: str) -> None:
    assert key(one) != key(other)


@given(st.text(alphabet="कखगनम्ािीेंँः़ज\u200d" + "ab1é", max_size=12))
def test_a_key_is_where_its_word_is(text: str) -> None:
    for found, start, end in keyed(text):
        assert key(text[start:end]) == found


def test_a_question_is_read_as_its_author_meant_it() -> None:
    assert parse('शिमला "सड़क हादसा" -फिल्म') == Question(
        ((Term((key("शिमला"),)),), (Term((key("सड़क"), key("हादसा"))),)), (Term((key("फिल्म"),)),)
    )
    assert parse("बारिश OR बर्फबारी").wanted == ((Term((key("बारिश"),)), Term((key("बर्फबारी"),))),)
    assert parse("हिमाच*").wanted == ((Term(("हिमाच",), prefix=True),),)
    assert parse("“सड़क हादसा”") == parse('"सड़क हादसा"') == parse('"सड़क हादसा')


@pytest.mark.parametrize("text", ["", "   ", '""', "-फिल्म", "!!! ...", "*"])
def test_nothing_to_look_for_is_said(text: str) -> None:
    with pytest.raises(BadSetting, match="nothing to look for"):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_question_or_none(text: str) -> None:
    try:
        parse(text)
    except BadSetting:
        pass


def test_a_snippet_marks_words_as_they_stand() -> None:
    body = "बीच में कुछ और बातें। " * 30 + "शिमला के पास सड़क हादसों में दो घायल। " + "फिर और बातें। " * 30
    text, marks = snippet(parse('"सड़क हादसा" शिमला'), body)
    assert [text[a:b] for a, b in marks] == ["शिमला", "सड़क", "हादसों"]
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert len(text) < 210


def test_a_snippet_of_a_story_found_by_its_headline_is_its_beginning() -> None:
    assert snippet(parse("शिमला"), "पहला वाक्य।\nदूसरा वाक्य।") == ("पहला वाक्य। दूसरा वाक्य।", ())
