"""The normal form of a text, and that its short cut past ftfy changes nothing."""

from __future__ import annotations

from itertools import product

import ftfy.badness
import pytest

from archive.text.normal import normal_form

# One of each kind that the short cut lets pass without asking ftfy.
ORDINARY = "aZ0 _-'\"?कि्\u093c।४\u200b\u200c\u200d‘’“”–—…•\n"


def test_nothing_ordinary_is_what_ftfy_calls_bad() -> None:
    made = ("".join(some) for some in product(ORDINARY, repeat=3))
    assert [text for text in made if ftfy.badness.is_bad(text)] == []


@pytest.mark.parametrize("text", ["शिमला में “बर्फबारी” – सड़कें बंद…", "Shimla’s café", "नमस्ते"])
def test_mojibake_is_repaired_and_curly_quotes_stay(text: str) -> None:
    assert normal_form(text) == text
    assert normal_form(text.encode().decode("latin-1")) == text


def test_white_space_and_what_is_unseen() -> None:
    text = "\ufeffमुख्य\u00adमंत्री \t\u00a0 ने\u200b कहा \n\n\u2060 जांच\u200d\u2028अंत"
    assert normal_form(text) == "मुख्यमंत्री ने कहा\nजांच\u200d\nअंत"
    assert normal_form(normal_form(text)) == normal_form(text)
