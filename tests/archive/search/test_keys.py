"""What a Hindi reader takes for one word is found as one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import BadSetting
from archive.search.keys import begins, fold, key
from archive.search.question import Question, Term, parse
from archive.search.snippet import snippet

ONE_WORD = {
    "nukta, as a mark or in one character, or none": ["क़ानून", "\u0958ानून", "कानून"],
    "nukta of ज़": ["ज़िला", "\u095bिला", "जिला"],
    "nukta of फ़": ["फ़ैसला", "\u095eैसला", "फैसला"],
    "flap, which many type without its dot": ["सड़क", "स\u095cक", "सडक"],
    "flap of ढ़": ["पढ़ाई", "प\u095dाई", "पढाई"],
    "chandrabindu": ["चाँद", "चांद"],
    "chandrabindu at the end": ["जहाँ", "जहां"],
    "nasal n": ["हिन्दी", "हिंदी"],
    "nasal m": ["सम्बन्ध", "सम्बंध", "संबन्ध", "संबंध"],
    "nasal n of its class": ["अण्डा", "अंडा"],
    "nasal of ca": ["पञ्जाब", "पंजाब"],
    "nasal of ka": ["गङ्गा", "गंगा"],
    "a joiner": ["उपाध्\u200dयक्ष", "उपाध्\u200cयक्ष", "उपाध्यक्ष"],
    "visarga": ["दुःख", "दुख"],
    "glide": ["गये", "गए"],
    "glide of i": ["नयी", "नई"],
    "English o": ["कॉलेज", "कालेज"],
    "English o, several ways": ["डॉक्टर", "डाक्टर"],
    "number and case": ["हादसा", "हादसे", "हादसों"],
    "a consonant's plural": ["सड़क", "सड़कें", "सड़कों"],
    "long i, short in the plural": ["नदी", "नदियाँ", "नदियां", "नदियों"],
    "long i after a flap": ["लड़की", "लड़कियाँ", "लडकियों"],
    "short i": ["तिथि", "तिथियाँ", "तिथियों"],
    "long i by itself": ["भाई", "भाइयों"],
    "long i by itself, of three letters": ["दवाई", "दवाइयाँ", "दवाइयों"],
    "long u, short in the plural": ["बहू", "बहुएँ", "बहुओं"],
    "long u of men": ["हिन्दू", "हिंदू", "हिंदुओं"],
    "short u": ["वस्तु", "वस्तुएँ", "वस्तुओं"],
    "long a that stays": ["योजना", "योजनाएँ", "योजनाएं", "योजनाओं"],
    "digits": ["२०२६", "2026", "２०२６"],
    "case": ["Shimla", "SHIMLA", "shimla"],
    "accents": ["Café", "Cafe\u0301", "cafe"],
}


@pytest.mark.parametrize("variants", ONE_WORD.values(), ids=ONE_WORD)
def test_one_word(variants: list[str]) -> None:
    assert len({key(word) for word in variants}) == 1
    assert len(set(variants)) == len(variants), "each is spelled in its own way"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("की", "का"), ("में", "मैं"), ("दिन", "दीन"), ("कल", "काल"), ("बस", "बस्ती"), ("सेव", "सेवक"),
        ("भाई", "भाव"), ("पता", "पिता"), ("सात", "साथ"), ("डाल", "ढाल"), ("मंदी", "मंडी"), ("चिंता", "चीता"),
        ("2026", "2025"), ("संख्या", "सांख्य"), ("हिंदी", "हिंदुस्तान"),
    ],
)  # fmt: skip
def test_two_words(one: str, other: str) -> None:
    assert key(one) != key(other)


# Beginnings that end in the middle of an ending, of a conjunct and of a glide.
@pytest.mark.parametrize(
    ("prefix", "word"),
    [
        ("योजनाए", "योजनाएं"),
        ("लड़किय", "लड़कियों"),
        ("हादसो", "हादसों"),
        ("सड़कें", "सड़कें"),
        ("हिन", "हिन्दी"),
        ("हिन", "हिंदी"),
        ("हिन्", "हिंदी"),
        ("हिं", "हिन्दी"),
        ("सम्", "संबंध"),
        ("सम्", "सम्मान"),
        ("नय", "नयी"),
        ("नय", "नए"),
        ("स्थायी", "स्थायीत्व"),
        ("चाँ", "चांद"),
        ("चां", "चाँदनी"),
        ("ज़ि", "जिला"),
        ("जि", "ज़िले"),
        ("Shim", "shimla"),
        ("caf", "Café"),
        ("२०", "2026"),
    ],
)
def test_a_word_begins_so(prefix: str, word: str) -> None:
    assert re.fullmatch(begins(prefix), fold(word))


@pytest.mark.parametrize(
    ("prefix", "word"),
    [
        ("योजनाए", "योजना"),
        ("हिमा", "हिम"),
        ("हिन", "हिम"),
        ("हिन", "हिंसा"),
        ("नय", "नई" + "ना"),
        ("सड़कें", "सड़क"),
        ("2026", "202"),
    ],
)
def test_a_word_does_not_begin_so(prefix: str, word: str) -> None:
    assert not re.fullmatch(begins(prefix), fold(word))


@given(st.text(alphabet="कखगदनपबम्ािीेय़ंँज\u200d" + "ab1é", min_size=1, max_size=9), st.data())
def test_every_word_begins_with_its_own_beginning(word: str, data: st.DataObject) -> None:
    """Cut anywhere but before a mark that a reader sees as one with its letter."""
    end = data.draw(st.integers(1, len(word)))
    assert re.fullmatch(begins(word[:end]), fold(word))


def test_a_question_is_read_as_its_author_meant_it() -> None:
    assert parse('शिमला "सड़क हादसा" -फिल्म') == Question(
        ((Term((key("शिमला"),)),), (Term((key("सड़क"), key("हादसा"))),)), (Term((key("फिल्म"),)),)
    )
    assert parse("बारिश OR बर्फबारी").wanted == ((Term((key("बारिश"),)), Term((key("बर्फबारी"),))),)
    assert parse("हिमाच*").wanted == ((Term(begins="हिमाच.*"),),)
    assert parse("“सड़क हादसा”") == parse('"सड़क हादसा"') == parse('"सड़क हादसा')


@pytest.mark.parametrize("text", ["", "   ", '""', "-फिल्म", "!!! ...", "*"])
def test_nothing_to_look_for_is_said(text: str) -> None:
    with pytest.raises(BadSetting, match="nothing to look for"):
        parse(text)


def test_a_star_stands_for_the_rest_of_one_word() -> None:
    with pytest.raises(BadSetting, match="rest of one word"):
        parse("कोविड-19*")


def test_a_phrase_is_marked_only_where_its_words_stand_together() -> None:
    question = parse('"के लिए" शिमला')
    text, found = snippet(question, "पानी के बिना शिमला के लोगों के लिए लिए।")
    assert [text[a:b] for a, b in found] == ["शिमला", "के", "लिए"]
    assert found[1][1] + 1 == found[2][0]


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
