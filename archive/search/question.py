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
from archive.search.keys import keys

_PIECE = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')
_QUOTES = str.maketrans("“”„«»", '"""""')  # as phones and word processors type them


@dataclass(frozen=True, slots=True)
class Term:
    """Words side by side, or, with ``prefix``, the beginning of one word."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Every group of ``wanted`` must be met, by one of its terms; none of ``unwanted`` may be."""

    wanted: tuple[tuple[Term, ...], ...] = ()
    unwanted: tuple[Term, ...] = field(default=())

    def highlights(self, word: str) -> bool:
        """Tell whether a word with this key is one that is looked for."""
        return any(
            word.startswith(term.words[0]) if term.prefix else word in term.words
            for group in self.wanted
            for term in group
        )


def parse(text: str) -> Question:
    """Read what a person typed; raise ``BadSetting`` where nothing is looked for.

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
        raise BadSetting(
            "nothing to look for: give at least one word, such as "
            "morestories search 'शिमला \"सड़क हादसा\" -फिल्म'"
        )
    return Question(tuple(wanted), tuple(unwanted))


def _term(text: str, *, quoted: bool) -> Term | None:
    if not quoted and text.endswith("*") and len(text) > 1:
        found = keys(text.rstrip("*"))
        return Term((found[0],), prefix=True) if len(found) == 1 else None
    words = tuple(keys(text))
    return Term(words) if words else None
