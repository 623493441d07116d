"""The part of a text in which what was looked for stands; no I/O."""

from __future__ import annotations

from archive.search.keys import keyed
from archive.search.question import Question

_LENGTH = 200  # characters
_PLACES = 200  # of looked-for words that are weighed: a long text may hold thousands


def snippet(question: Question, body: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the part of ``body`` with the most of what was looked for, and where it stands in it.

    The places are (start, end) in what is returned. A body without any begins at its beginning.
    """
    places = [(word, a, b) for word, a, b in keyed(body) if question.highlights(word)]
    start = _best_start(places[:_PLACES])
    before = body.rfind(" ", 0, max(0, start - _LENGTH // 4)) + 1 if start else 0
    end = min(len(body), before + _LENGTH)
    if end < len(body) and (blank := body.rfind(" ", before, end)) > before:
        end = blank
    lead = "… " if before else ""
    shift = len(lead) - before
    marks = tuple((a + shift, b + shift) for _, a, b in places if before <= a and b <= end)
    text = lead + body[before:end].replace("\n", " ") + (" …" if end < len(body) else "")
    return text, marks


def _best_start(places: list[tuple[str, int, int]]) -> int:
    """Return where the window with the most different words, then the most words, begins."""
    best, start = (0, 0), 0
    for number, (_, at, _) in enumerate(places):
        inside = [word for word, a, _ in places[number:] if a < at + _LENGTH * 3 // 4]
        if (worth := (len(set(inside)), len(inside))) > best:
            best, start = worth, at
    return start
