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

import unicodedata

import ftfy
import ftfy.badness
import regex

_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))
_SPACE = regex.compile(r"[^\S\n]+")


def normal_form(text: str) -> str:
    """Return ``text`` in the normal form that this module documents; idempotent.

    >>> normal_form("मुख्य\\u00adमंत्री  ने\\u200b कहा\\n\\n जांच")
    'मुख्यमंत्री ने कहा\\nजांच'
    """
    if ftfy.badness.is_bad(text):
        text = ftfy.fix_encoding(text)
    text = unicodedata.normalize("NFC", text).translate(_UNSEEN)
    lines = (_SPACE.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
