"""Search keys: what a Hindi reader takes for the same word becomes the same key; no I/O.

Only search sees keys. Bodies are stored, shown and highlighted as they stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from archive.text.words import WORD

VERSION = (
    3  # a change of any rule below, or of the index's fields, makes the index of every archive anew
)

# A nasal consonant joined to one of its own class is written as anusvara by most: हिन्दी, हिंदी.
_NASALS = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
_FOLDED = str.maketrans(
    {
        "\u093c": None,  # nukta: ज़िला, जिला
        "\u0901": "\u0902",  # chandrabindu: गाँव, गांव
        "\u0903": None,  # visarga: दुःख, दुख
        "\u200c": None,  # ZWNJ and ZWJ choose a conjunct's shape only
        "\u200d": None,
        "ऑ": "आ",  # English o: कॉलेज, कालेज
        "\u0949": "\u093e",
        "ऍ": "ए",
        "\u0945": "\u0947",
        **{chr(0x966 + digit): str(digit) for digit in range(10)},
    }
)
# गये and गए, नयी and नई: the glide is written or not.
_GLIDE = re.compile("(?<=[\u0900-\u097f])य([\u0940\u0947])(\u0902?)$")
_GLIDED = {"\u0940": "ई", "\u0947": "ए"}

# Endings of number, case and gender, longest first. After A. Ramanathan and D. Rao, "A Lightweight
# Stemmer for Hindi" (2003), less their verb endings, which run different verbs together.
_ENDINGS = (
    *("ियों", "ियां", "ाओं", "ाएं", "ुओं", "ुएं", "इयों", "इयां"),
    *("ओं", "एं", "ों", "ें", "ां", "ीं"),
    *("े", "ा", "ी", "ि", "ू", "ु", "ए", "ई"),
)
_DEVANAGARI = re.compile("[\u0904-\u0939\u0958-\u0961]")  # letters that carry a syllable
_SHORTEST = 2  # letters that must stay, so that की, के, का remain themselves


@lru_cache(maxsize=500_000)
def key(word: str) -> str:
    """Return the key of one word.

    >>> key("हादसों") == key("हादसा"), key("गाँव") == key("गांव"), key("सम्बन्ध") == key("संबंध")
    (True, True, True)
    >>> key("Shimla"), key("२०२६")
    ('shimla', '2026')
    """
    return _stem(fold(word))


def fold(word: str) -> str:
    """Return ``word`` with its spelling variants folded, endings kept."""
    word = unicodedata.normalize("NFKD", word.casefold()).translate(_FOLDED)
    if not word.isascii():
        if not _DEVANAGARI.search(word):  # Latin letters lose their accents, other scripts nothing
            word = "".join(c for c in word if not "\u0300" <= c <= "\u036f")
        word = _NASALS.sub("\u0902", word)
        word = _GLIDE.sub(lambda m: _GLIDED[m[1]] + m[2], word)
    return word


def _stem(word: str) -> str:
    if not _DEVANAGARI.search(word):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            if len(_DEVANAGARI.findall(rest)) >= _SHORTEST:
                return rest
    return word


def keys(text: str) -> list[str]:
    """Return the keys of the words of ``text`` in order."""
    return [key(word) for word in WORD.findall(text)]


def keyed(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the key of each word of ``text`` with where the word starts and ends."""
    for found in WORD.finditer(text):
        yield key(found[0]), found.start(), found.end()
