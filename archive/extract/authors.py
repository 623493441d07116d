"""Bylines: from what a page prints to names, each whole.

Devanagari vowel signs are combining marks, so nothing here trims by word characters: only named
punctuation is taken off.
"""

from __future__ import annotations

from collections.abc import Iterable

import regex

from archive.extract.dates import find_date

WORD = r"[\p{L}\p{M}\u200c\u200d.'’\-]+"
TRIM = ' \t\n\r\u00a0|,;:/·•*-–—_()[]<>"“”।＠@'
PREFIX = regex.compile(
    r"^\s*(?:(?:(?:written|reported|edited|posted|published|authored|created|compiled|story|text|"
    r"words|report|article|photos?)\s+(?:and\s+\w+\s+)?)?by\b|authors?\s*[:\-|]|"
    r"reporters?\s*[:\-]|editors?\s*[:\-]|edited\b\s*[:\-]|source\s*:|"
    r"(?:एक\s+)?(?:रिपोर्ट|लेखक|लेखिका|संपादक|सम्पादक|संपादन|रिपोर्टर|संवाददाता|प्रस्तुति|स्रोत|द्वारा\s+लिखित|"
    r"द्वारा|प्रकाशक)\s*[:\-–—|]|द्वारा\b|लेखक\s+(?=\p{L})|"
    r"(?:von|par|por|di|door|av|af|de|texto?|text|autor(?:in|es)?|auteurs?|från|przez|napsal)\b\s*[:.]?\s+(?=\p{Lu})|"
    r"(?:文|取材|執筆|記者)\s*[:：/])\s*",
    regex.I,
)
# "Di Maria" and "De Luca" are names, "di Maria Rossi" is a byline.
CAPITAL_PARTICLES = ("Di ", "De ", "Af ", "Av ")
PICTURE = regex.compile(
    r"^(?:image|photo|picture|foto|bild|fotos?|फोटो|तस्वीर|©|\(c\))\b?\s*[:©]?", regex.I
)
SENTENCE = regex.compile(
    r"[।?!]|\b(?:view all|see more|read more|ver más|author publications)\b", regex.I
)
LETTER = regex.compile(r"\p{L}")
DIGITS = regex.compile(r"^\d|\d{3}|\d\s*(?:min|views?|comments?)")
# Words around a name that are not of it: labels, week days, zones, prepositions left by a date.
NOISE = frozenset(
    [
        "updated",
        "published",
        "posted",
        "edited",
        "written",
        "reported",
        "last",
        "on",
        "at",
        "by",
        "from",
        "first",
        "created",
        "modified",
        "ist",
        "gmt",
        "utc",
        "est",
        "date",
        "time",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "von",
        "di",
        "de",
        "par",
        "por",
        "am",
        "um",
        "uhr",
        "kommentar",
        "a",
        "p",
        "m",
        "기자",
        "अपडेट",
        "अपडेटेड",
        "प्रकाशित",
        "पब्लिश्ड",
        "पब्लिश",
        "द्वारा",
        "को",
        "दिनांक",
        "सोमवार",
        "मंगलवार",
        "बुधवार",
        "गुरुवार",
        "गुरूवार",
        "शुक्रवार",
        "शनिवार",
        "रविवार",
        "बजे",
    ]
)
SUFFIX = regex.compile(
    r"\s*(?:\bद्वारा|ने लिखा|की रिपोर्ट|[|•·]\s*(?:updated|published|अपडेट|प्रकाशित).*|"
    r"\b(?:updated|published|last\s+updated|posted|modified)\b\s*(?:on|at|:).*|"
    r"\bFollow\b.*|\b\d+\s*min(?:ute)?s?\s*read.*)$",
    regex.I | regex.S,
)
ROLE = regex.compile(
    r"^(?:senior |chief |staff |special |deputy |assistant |associate |contributing |managing |"
    r"executive |digital |political |sports |news |foreign |crime |former |the )*"
    r"(?:correspondent|reporter|editor|writer|contributor|columnist|author|journalist|producer|"
    r"photographer|redakteur(?:in)?|redaktør|rédacteur|korrespondent(?:in)?|volont[äa]r(?:in)?|"
    r"freelance\w*|reporter(?:in)?|autor(?:in)?|संवाददाता|वरिष्ठ संवाददाता|विशेष संवाददाता)\b",
    regex.I,
)
JOIN = regex.compile(
    r"\s*(?:[,;|•·،、]|\s/\s|\s&\s|\s\+\s|\b(?:and|und|y|et|och|og|en|with|mit|con)\b(?=\s+\p{Lu})|"
    r"(?<=\s)(?:और|एवं|तथा|व)(?=\s)|"
    r"\b(?:written|edited|reported|posted|published|updated|curated)\s+by\b\s*[:\-]?|"
    r"(?:संपादन|सम्पादन|रिपोर्ट|संपादक)\s*[:\-])\s*"
)
ADDRESS = regex.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|(?<!\S)@\w+")
LONGEST = 80  # characters; a longer "name" is a sentence
GENERIC = frozenset(
    ("admin", "administrator", "user", "root", "editor", "author", "webmaster", "wordpress", "guest",
     "एडमिन", "superadmin", "super admin", "web admin", "site admin", "newsadmin", "news admin")
)  # fmt: skip
EMPTY = frozenset(
    ("", "by", "none", "null", "undefined", "unknown", "anonymous", "n/a", "na", "author", "लेखक", "द्वारा",
     "share", "follow", "comments", "reporter", "staff", "posted", "updated", "published", "print",
     "email", "read more", "view all posts", "about the author", "see all", "home")
)  # fmt: skip
# News agencies, as Indian and other pages sign them: one word, capitals, or Devanagari.
AGENCIES = frozenset(
    ("ani", "pti", "ians", "uni", "afp", "ap", "reuters", "dpa", "bbc", "efe", "ansa", "tass",
     "xinhua", "bloomberg", "associated press", "press trust of india", "hindusthan samachar",
     "asian news international", "pti bhasha", "ti", "agency", "agencies", "news agency", "uni varta", "एएनआई",
     "एनआई", "भाषा", "पीटीआई", "पीटीआई-भाषा", "पीटीआई भाषा", "आईएएनएस", "यूएनआई", "वार्ता", "यूनीवार्ता",
     "हिन्दुस्थान समाचार", "हिंदुस्थान समाचार", "हिस", "एजेंसी", "एजेंसियां", "न्यूज एजेंसी", "एएफपी", "एपी",
     "रायटर", "रॉयटर्स", "जेएनएन", "ब्यूरो", "संवाद न्यूज एजेंसी", "संवाद सूत्र", "एजेंसी इनपुट")
)  # fmt: skip


def is_agency(name: str) -> bool:
    """Tell whether a byline is a news agency's: "एएनआई", "भाषा", "PTI"."""
    return " ".join(name.casefold().strip(TRIM).split()) in AGENCIES


def is_generic(name: str) -> bool:
    """Tell whether a byline is the name of an account, not of a person: "Admin"."""
    return name.casefold().strip(TRIM) in GENERIC


def read_authors(texts: Iterable[str], language: str = "") -> tuple[str, ...]:
    """Return the names in printed bylines, each once, in order, as printed.

    Prefixes ("By", "द्वारा", "लेखक:"), dates, addresses, roles after a comma and "Follow" are
    not part of a name. One text may hold several names.
    """
    found: dict[str, str] = {}
    for text in texts:
        for name in _names(text, language):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _names(text: str, language: str) -> list[str]:
    bare = _bare(text, language)
    if not bare or len(bare) > 400:
        return []
    parts = [part for part in JOIN.split(bare) if part]
    return [name for part in parts if (name := _name(part))]


def _bare(text: str, language: str) -> str:
    """Return a byline without address, date, prefix and tail."""
    text = ADDRESS.sub(" ", " ".join(text.split()))
    span = find_date(text, language)
    if span:
        text = f"{text[: span[0]]} | {text[span[1] :]}"
    text = SUFFIX.sub("", text.strip(TRIM))
    for _ in range(2):
        hit = PREFIX.match(text)
        if hit and not (hit[0].startswith(CAPITAL_PARTICLES)):
            text = text[hit.end() :]
    return text.strip(TRIM)


def _name(part: str) -> str:
    words = part.strip(TRIM).split()
    while words and words[0].casefold().strip(TRIM) in NOISE:
        del words[0]
    while words and words[-1].casefold().strip(TRIM) in NOISE:
        del words[-1]
    name = " ".join(words).strip(TRIM)
    if name.casefold() in EMPTY or len(name) > LONGEST or len(words) > 7:
        return ""
    if ROLE.match(name) or PICTURE.match(name) or SENTENCE.search(name):
        return ""
    if not LETTER.search(name) or DIGITS.search(name):
        return ""
    return name
