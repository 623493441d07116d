"""Names of months and zones as pages print them, in their spellings."""

from __future__ import annotations

from functools import lru_cache

import regex
from babel import Locale, UnknownLocaleError

# Spellings met on Indian portals that CLDR (Babel) does not list; keys are folded by `fold`.
SPELLINGS = {
    "जनवरी": 1, "जन": 1, "जनु": 1,
    "फरवरी": 2, "फर": 2, "फरव": 2, "फेब्रुवारी": 2,
    "मार्च": 3,
    "अप्रैल": 4, "अप्रेल": 4, "अप्रै": 4, "अप्र": 4,
    "मई": 5,
    "जून": 6,
    "जुलाई": 7, "जुल": 7, "जुला": 7,
    "अगस्त": 8, "अग": 8,
    "सितंबर": 9, "सित": 9, "सितं": 9, "सेप्टेंबर": 9,
    "अक्टूबर": 10, "अक्तूबर": 10, "अकटूबर": 10, "अक्टुबर": 10, "ऑक्टोबर": 10, "अक्टू": 10, "अक्तू": 10,
    "नवंबर": 11, "नव": 11, "नवं": 11, "नोव्हेंबर": 11,
    "दिसंबर": 12, "दिस": 12, "दिसं": 12, "डिसेंबर": 12,
    "january": 1, "jan": 1, "february": 2, "feb": 2, "march": 3, "mar": 3, "april": 4, "apr": 4,
    "may": 5, "june": 6, "jun": 6, "july": 7, "jul": 7, "august": 8, "aug": 8,
    "september": 9, "sept": 9, "sep": 9, "october": 10, "oct": 10, "november": 11, "nov": 11,
    "december": 12, "dec": 12,
}  # fmt: skip

# Minutes east of UTC of the abbreviations that pages print. Where the portal's own zone uses the
# same letters, that zone decides (IST is also Israel's and Ireland's).
ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "IST": 330, "NPT": 345, "PKT": 300, "WET": 0, "WEST": 60,
    "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180,
    "SAST": 120, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "JST": 540, "KST": 540, "HKT": 480, "SGT": 480, "AEST": 600,
    "AEDT": 660, "NZST": 720, "NZDT": 780,
}  # fmt: skip


JOINERS = regex.compile("[\u093c\u200c\u200d]")


def fold(name: str) -> str:
    """Fold the spellings of one month: case, nukta, joiners, and म् before ब as anusvara."""
    name = JOINERS.sub("", name.casefold()).replace("\u095e", "\u092b")
    return name.replace("म्ब", "ंब").rstrip(".")


def calendar_of(language: str) -> str:
    """Return the language whose month names must be added to the Hindi and English ones, or ""."""
    base = language.split("-")[0].lower()
    return "" if base in ("en", "hi") else base


@lru_cache(maxsize=64)
def month_names(calendar: str) -> dict[str, int]:
    """Return folded month names: Hindi, English, and those of ``calendar``'s language.

    ``calendar`` is what :func:`calendar_of` gives; an unknown one adds nothing.
    """
    names = dict(SPELLINGS)
    try:
        locale = Locale.parse(calendar) if calendar else None
    except (UnknownLocaleError, ValueError):
        locale = None
    if locale is not None:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in locale.months[context][width].items():
                    if not regex.search(r"\d", name):
                        names.setdefault(fold(name), number)
    return names


@lru_cache(maxsize=64)
def month_pattern(calendar: str) -> str:
    """Return a pattern for every spelling of :func:`month_names`, the longest first."""
    names = sorted(month_names(calendar), key=len, reverse=True)
    return "|".join(_spellings(n) for n in names)


def _spellings(name: str) -> str:
    pattern = regex.escape(name).replace("ंब", "(?:ंब|म्ब)").replace("फ", "[फ\u095e]")
    pattern = regex.sub(r"([\u0915-\u0939\]])", "\\1\u093c?", pattern)
    return pattern.replace("\u094d", "\u094d[\u200c\u200d]?")
