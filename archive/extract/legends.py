"""Captions, bylines and time stamps: small lines about the story or its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

from archive.extract.labels import folded
from archive.extract.survey import Line

_CAPTION = re.compile(
    r"caption|(?:^|[\s_-])(?:credits?|photo|image|picture|bild|foto|img|contentimage|legend|media-?(?:text|info|desc\w*))(?:$|[\s_-])",
    re.I,
)
_MONTHS = r"(?:jan|feb|m[aä]r|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zé]*\.?"
# The line of a byline or a time stamp, from its start; a story's line may end in a time.
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|written by|reported by|text|autor|author)\s*:?\s+\S+(?:\s+\S+){0,6}$"
    r"|^(?:published|updated|posted|last updated|aktualisiert|stand|publié|publicado|actualizado|प्रकाशित|अपडेट|अद्यतन)\b.{0,60}\d"
    r"|^\D{0,12}\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}\b"
    r"|^\D{0,12}\d{1,2}[:.]\d{2}\s*(?:uhr|am|pm|ist|gmt|jst|बजे)\b"
    rf"|^\D{{0,20}}\b{_MONTHS}\s+\d{{1,2}},?\s+\d{{4}}|^\D{{0,12}}\d{{1,2}}\.?\s+{_MONTHS}\s+\d{{4}}"
    r"|lesedauer|\bmin(?:ute)?s?\s+read\b",
    re.I,
)
_BY = ("by", "von", "par", "por", "di", "लेखक", "about", "posted by")
# Who signs where nobody does; a dateline would have a place beside it.
_DESK = re.compile(r"ब्यूरो|डेस्क|संवाददाता|\b(?:news )?(?:bureau|desk)\b|\bby\b", re.I)
_LETTER = re.compile(r"[^\W_]")
_NO_CAPTION = frozenset(["body", "article", "main", "table", "blockquote", "ul", "ol"])


def is_byline(line: Line) -> bool:
    """Tell whether a line says who wrote or when; a sentence of a story never does."""
    return line.size < 90 and not line.prose and _BYLINE.search(line.text) is not None


def says_only(line: Line, dates: Iterable[str], names: Iterable[str]) -> bool:
    """Tell whether a line is one of ``dates`` and at most authors beside it, all as printed."""
    if line.size > 120:
        return False
    for date in dates:
        if date in line.text:
            rest = line.text.replace(date, " ", 1)
            for name in names:
                rest = rest.replace(name, " ")
            return _LETTER.search(_DESK.sub(" ", rest)) is None
    return False


def names_author(line: Line, names: set[str]) -> bool:
    """Tell whether a line is an author's name alone, or after "By": it heads what is told of them.

    ``names`` are folded, in lower case.
    """
    if line.size > 80:
        return False
    plain = folded(line.text).casefold()
    return plain in names or any(plain == f"{by} {name}" for name in names for by in _BY)


def is_caption(
    element: HtmlElement, root: HtmlElement | None = None, *, near: bool = False
) -> bool:
    """Tell whether a line lies in a figure, or in a box named like a caption.

    ``root`` is where the search ends; ``near`` says that the line stands among the story's
    paragraphs: then only its own name counts ("text-with-image" may be the story's box).
    """
    for place, step in enumerate([element, *element.iterancestors()][:4]):
        if step is root or step.tag in _NO_CAPTION:
            return False
        if step.tag in ("figcaption", "figure"):
            return True
        if (place == 0 or not near) and _CAPTION.search(step.get("class", "")):
            return True
    return False
