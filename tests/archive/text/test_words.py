"""Words, sentences and the normal form."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.extract import labels
from archive.text import normal, words
from archive.text.normal import normal_form

LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)))


@pytest.mark.parametrize("module", [words, normal, labels], ids=lambda module: module.__name__)
def test_the_examples_hold(module) -> None:
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize(
    "word", ["क्षेत्रों", "श्रीमती", "उपाध्\u200dयक्ष", "हिन्\u200cदी", "કચ્છ", "தமிழ்நாடு", "o’clock"[:1]]
)
def test_a_word_keeps_its_marks_and_joiners(word: str) -> None:
    assert words.words(f"{word}, {word}।") == [word, word]


def test_a_danda_ends_a_sentence_and_a_number_does_not() -> None:
    text = "लागत 8.5 करोड़ है।काम जारी है। “कब होगा?” उसने पूछा!\nशिमला"
    assert words.sentences(text) == [
        "लागत 8.5 करोड़ है।", "काम जारी है।", "“कब होगा?”", "उसने पूछा!", "शिमला",
    ]  # fmt: skip


def test_normal_form_repairs_mojibake_and_leaves_good_text() -> None:
    good = "“हिमाचल” में ‘बारिश’ — 8.5 करोड़ रुपये"
    assert normal_form(good) == good
    assert normal_form(good.encode().decode("cp1252", "ignore")) != good.encode().decode(
        "cp1252", "ignore"
    )
    assert normal_form("Itâ€™s raining in Shimla") == "It’s raining in Shimla"


def test_joiners_stay() -> None:
    assert normal_form("उपाध्\u200dयक्ष हिन्\u200cदी") == "उपाध्\u200dयक्ष हिन्\u200cदी"


@given(LETTERS)
def test_normal_form_is_idempotent(text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once


@given(LETTERS)
def test_words_are_parts_of_the_text_in_order(text: str) -> None:
    at = 0
    for word in words.words(text):
        at = text.index(word, at) + len(word)


@pytest.mark.parametrize(
    "line",
    [
        "पुलिस ने बताया कि आरोपी ने व्हाट्सएप ग्रुप में जुड़े लोगों को ठगा",
        "सरकार ने नया ऐप लॉन्च किया है, जिसे लोग डाउनलोड कर सकते हैं",
        "मंत्री ने कहा कि फेसबुक और ट्विटर पर फॉलो करने वालों की संख्या बढ़ी",
        "हमारे किसानों के लिए यह फैसला ऐतिहासिक है",
        "यह भी पढ़ने योग्य है कि नियम कब बने",
        "और बारिश होगी",
    ],
)
def test_a_storys_own_sentence_is_no_call(line: str) -> None:
    assert not labels.is_call(line)
    assert not labels.is_pointer(line)
    assert not labels.is_label(line)


@pytest.mark.parametrize(
    "line",
    [
        "हमारे WhatsApp ग्रुप से जुड़ने के लिए यहां क्लिक करें",
        "हमें Google News पर फॉलो करें",
        "व्हाट्सएप चैनल से जुड़ें",
        "ताज़ा खबरों के लिए हमारे फेसबुक पेज को लाइक करें",
        "Join WhatsApp Group",
        "For more updates follow us on Facebook",
    ],
)
def test_a_call_is_a_call(line: str) -> None:
    assert labels.is_call(line)


@pytest.mark.parametrize(
    "line", ["यह भी पढ़ें", "ये खबरें भी पढ़ें:", "इसे भी पढ़ें", "संबंधित ख़बरें", "हिमाचल की अन्य खबरें"]
)
def test_a_nukta_has_one_spelling_here(line: str) -> None:
    """ढ़ and ख़ come as one character or as two; composed and decomposed are the same label."""
    composed = line.replace("ढ\u093c", "\u095d").replace("ख\u093c", "\u0959")
    assert labels.is_label(line.replace("\u095d", "ढ\u093c").replace("\u0959", "ख\u093c"))
    assert labels.is_label(composed)
