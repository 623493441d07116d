"""The stored normal form of a text: ``text_norm``. The text as extracted is always kept beside it.

Steps, in order, each with its reason:

1. Mojibake is repaired with ftfy, only where ftfy finds it (``â€œ`` for ``“``); quotes stay curly.
2. NFC: precomposed and decomposed letters become one spelling (``क`` + nukta has no composed
   form in NFC, so ``क़`` U+0958 becomes two characters, the same for all).
3. Characters that cannot be seen and carry no spelling go: BOM, zero-width space, word joiner,
   soft hyphen. ZWJ and ZWNJ stay: they choose a conjunct's shape.
4. White space inside a line becomes one space, lines lose it at both ends, empty lines go.
"""

from __future__ import annotations

import re
import unicodedata

import ftfy
import ftfy.badness

_UNSEEN = "\ufeff\u200b\u2060\u00ad"
# ftfy's expression takes three quarters of a text's time. Whatever it calls bad holds a character
# beside ASCII, Devanagari, joiners and the quotes and dashes of ordinary print, which few texts have.
_SUSPECT = re.compile("[^\\x00-\\x7f\u0900-\u097f\u200b-\u200d‘’“”–—…•]")


def normal_form(text: str) -> str:
    """Return ``text`` in the normal form that this module documents; idempotent.

    >>> normal_form("मुख्य\\u00adमंत्री  ने\\u200b कहा\\n\\n जांच")
    'मुख्यमंत्री ने कहा\\nजांच'
    """
    if _SUSPECT.search(text) and ftfy.badness.is_bad(text):
        text = ftfy.fix_encoding(text)
    text = unicodedata.normalize("NFC", text)
    for unseen in _UNSEEN:
        text = text.replace(unseen, "")
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
