"""Words and sentences as a reader of Hindi counts them.

Python's ``\\w`` and ``str.isalnum`` break a Devanagari word at every vowel sign; here a word
keeps its combining marks (``\\p{M}``) and the joiners that choose a conjunct's shape.
"""

from __future__ import annotations

import regex

WORD = regex.compile(r"[\w\p{M}\u200c\u200d]+")

# A danda (। ॥) always ends a sentence; ASCII ends do so only before white space, so that
# "8.5" and "डॉ.शर्मा" stay whole.
_SENTENCE = regex.compile(r"[।॥]+[”’\"')\]]*|[.!?…]+[”’\"')\]]*(?=\s|$)|\n+")


def words(text: str) -> list[str]:
    """Return the words of ``text`` in order, as they stand there.

    >>> words("राकेश शर्मा ने कहा, 8.5 करोड़")
    ['राकेश', 'शर्मा', 'ने', 'कहा', '8', '5', 'करोड़']
    """
    return WORD.findall(text)


def sentences(text: str) -> list[str]:
    """Return the sentences of ``text``, less white space around them; a line ends a sentence.

    >>> sentences("हादसे में चालक घायल हो गया। पुलिस जांच कर रही है।")
    ['हादसे में चालक घायल हो गया।', 'पुलिस जांच कर रही है।']
    """
    found, start = [], 0
    for end in _SENTENCE.finditer(text):
        found.append(text[start : end.end()])
        start = end.end()
    found.append(text[start:])
    return [kept for part in found if (kept := part.strip()) and WORD.search(kept)]
