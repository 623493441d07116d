"""What a person typed → what is looked for; no I/O.

शिमला बर्फबारी        both words
"सड़क हादसा"          the words side by side, in this order
-फिल्म  -"शो बिज़"     not this
बारिश OR बर्फबारी      one of them
हिमा*                 words that begin so
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archive.errors import BadSetting
from archive.search.keys import begins, keys
from archive.text.words import WORD

_PIECE = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')
_QUOTES = str.maketrans("“”„«»", '"""""')  # as phones and word processors type them


@dataclass(frozen=True, slots=True)
class Term:
    """Keys of words side by side; or, in ``begins``, what the form of one word fits."""

    words: tuple[str, ...] = ()
    begins: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Every group of ``wanted`` must be met, by one of its terms; none of ``unwanted`` may be."""

    wanted: tuple[tuple[Term, ...], ...] = ()
    unwanted: tuple[Term, ...] = field(default=())


def parse(text: str) -> Question:
    """Read what a person typed; raise ``BadSetting`` where nothing is looked for or at a stray star.

    An unclosed quotation mark counts as closed at the end.
    """
    text = text.translate(_QUOTES)
    if text.count('"') % 2:
        text += '"'
    wanted: list[tuple[Term, ...]] = []
    unwanted: list[Term] = []
    joined = False
    for found in _PIECE.finditer(text):
        minus, phrase, minus_word, word = found.groups()
        if word in ("OR", "|") and wanted:
            joined = True
            continue
        term = _term(phrase if word is None else word, quoted=word is None)
        if term is None:
            continue
        if minus or minus_word:
            unwanted.append(term)
        elif joined:
            wanted[-1] = (*wanted[-1], term)
        else:
            wanted.append((term,))
        joined = False
    if not wanted:
        only = ", only what to leave out" if unwanted else ""
        raise BadSetting(
            f"nothing to look for{only}: give at least one word, such as "
            "'शिमला \"सड़क हादसा\" -फिल्म'"
        )
    return Question(tuple(wanted), tuple(unwanted))


def _term(text: str, *, quoted: bool) -> Term | None:
    if not quoted and text.endswith("*"):
        found = WORD.findall(text.rstrip("*"))
        if len(found) > 1:
            raise BadSetting(f"{text}: a star stands for the rest of one word, such as हिमा*")
        return Term(begins=begins(found[0])) if found else None
    words = tuple(keys(text))
    return Term(words) if words else None
