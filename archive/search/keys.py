"""Search keys: what a Hindi reader takes for the same word becomes the same key; no I/O.

Only search sees keys. Bodies are stored, shown and highlighted as they stand.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from archive.text.words import WORD

# A change of any rule below, of `common` or of the index's fields makes every index anew.
VERSION = 4

# A nasal consonant joined to one of its own class is written as anusvara by most: हिन्दी, हिंदी.
_CLASSES = {"ङ": "क-घ", "ञ": "च-झ", "ण": "ट-ढ", "न": "त-ध", "म": "प-भ"}
_NASALS = re.compile("|".join(f"{nasal}्(?=[{row}])" for nasal, row in _CLASSES.items()))
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
        " ": None,  # some letters fall apart into words (ﷺ), and keys are separated by spaces
        "\u0945": "\u0947",
        **{chr(accent): None for accent in range(0x300, 0x370)},  # Café, cafe
        **{chr(0x966 + digit): str(digit) for digit in range(10)},
    }
)
# गये and गए, नयी and नई: the glide is written or not.
_GLIDE = re.compile("(?<=[\u0900-\u097f])य([\u0940\u0947])(\u0902?)$")
_GLIDED = {"\u0940": "ई", "\u0947": "ए"}

# Endings of number, case and gender, longest first. After A. Ramanathan and D. Rao, "A Lightweight
# Stemmer for Hindi" (2003), less their verb endings, which run different verbs together.
_ENDINGS = (
    *("ियों", "ियां", "ाओं", "ाएं", "ुओं", "ुएं"),
    *("ओं", "एं", "ों", "ें", "ां", "ीं"),
    *("े", "ा", "ी", "ि", "ू", "ु", "ए", "ई"),
)
_SHORTENED = re.compile("इय(ों|ां)$")  # भाइयों is of भाई, दवाइयां of दवाई
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


@lru_cache(maxsize=500_000)
def fold(word: str) -> str:
    """Return ``word`` with its spelling variants folded, endings kept: its form."""
    return _GLIDE.sub(lambda m: _GLIDED[m[1]] + m[2], _folded(word))


def _folded(word: str) -> str:
    word = unicodedata.normalize("NFKD", word.casefold()).translate(_FOLDED)
    return _NASALS.sub("\u0902", word)


def _stem(word: str) -> str:
    if not _DEVANAGARI.search(word):
        return word
    word = _SHORTENED.sub("ई", word)
    for ending in _ENDINGS:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            if len(_DEVANAGARI.findall(rest)) >= _SHORTEST:
                return rest
    return word


def begins(prefix: str) -> str:
    """Return the expression that the folded form of each word fits which begins with ``prefix``.

    What a letter folds to depends on what follows it, which a prefix does not show: हिन् and हिन
    begin हिन्दी, whose form is हिंदी, and नय begins नयी, whose form is नई. It holds no group, and no
    sign that tantivy and Python read in different ways.

    >>> import re
    >>> [bool(re.fullmatch(begins("हिन"), fold(word))) for word in ("हिन्दी", "हिना", "हिम")]
    [True, True, False]
    """
    found: dict[str, None] = {}
    for folded in (fold(prefix), _folded(prefix)):
        form = "".join(c for c in folded if c == "_" or c.isalnum() or ord(c) > 127)
        found[f"{form}.*"] = None
        bare = form.removesuffix("\u094d")
        if nasal_row := _CLASSES.get(bare[-1:]):
            found[f"{bare[:-1]}\u0902[{nasal_row}].*"] = None
        if form.endswith("य") and len(form) > 1:
            found |= {f"{form[:-1]}{vowel}\u0902?": None for vowel in _GLIDED.values()}
    return "|".join(found)


def keys(text: str) -> list[str]:
    """Return the keys of the words of ``text`` in order."""
    return [key(word) for word in WORD.findall(text)]
