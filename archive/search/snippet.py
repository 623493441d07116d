"""The part of a text in which what was looked for stands; no I/O."""

from __future__ import annotations

import re
from collections import defaultdict

from archive.search.keys import fold, key
from archive.search.question import Question
from archive.text.words import WORD

_LENGTH = 200  # characters
_PLACES = 200  # of looked-for words that are weighed: a long text may hold thousands

Marks = tuple[tuple[int, int], ...]


def marks(question: Question, text: str) -> Marks:
    """Return where the words that ``question`` looks for stand in ``text``, as (start, end).

    The words of a phrase count only side by side.
    """
    return tuple((start, end) for _, start, end in _places(question, text))


def snippet(question: Question, body: str) -> tuple[str, Marks]:
    """Return the part of ``body`` with the most of what was looked for, and where it stands in it.

    The places are (start, end) in what is returned. A body without any begins at its beginning.
    """
    places = _places(question, body)
    start = _best_start(places[:_PLACES])
    before = body.rfind(" ", 0, max(0, start - _LENGTH // 4)) + 1 if start else 0
    end = min(len(body), before + _LENGTH)
    if end < len(body) and (blank := body.rfind(" ", before, end)) > before:
        end = blank
    lead = "… " if before else ""
    shift = len(lead) - before
    inside = tuple((a + shift, b + shift) for _, a, b in places if before <= a and b <= end)
    text = lead + body[before:end].replace("\n", " ") + (" …" if end < len(body) else "")
    return text, inside


def _places(question: Question, text: str) -> list[tuple[str, int, int]]:
    """Return the key of each word that is looked for, with where it starts and ends."""
    terms = [term for group in question.wanted for term in group]
    phrases = defaultdict(list)
    for term in terms:
        if term.words:
            phrases[term.words[0]].append(term.words)
    begin = [re.compile(term.begins) for term in terms if term.begins]
    words = list(WORD.finditer(text))
    keys = [key(word[0]) for word in words]
    found: set[int] = set()
    for number, first in enumerate(keys):
        for phrase in phrases.get(first, ()):
            if tuple(keys[number : number + len(phrase)]) == phrase:
                found.update(range(number, number + len(phrase)))
    for expression in begin:
        found.update(n for n, word in enumerate(words) if expression.fullmatch(fold(word[0])))
    return [(keys[n], *words[n].span()) for n in sorted(found)]


def _best_start(places: list[tuple[str, int, int]]) -> int:
    """Return where the window with the most different words, then the most words, begins."""
    best, start = (0, 0), 0
    for number, (_, at, _) in enumerate(places):
        inside = [word for word, a, _ in places[number:] if a < at + _LENGTH * 3 // 4]
        if (worth := (len(set(inside)), len(inside))) > best:
            best, start = worth, at
    return start
