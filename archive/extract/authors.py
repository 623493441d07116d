"""Bylines: from what a page prints to names, each whole.

Devanagari vowel signs are combining marks, so nothing here trims by word characters: only named
punctuation is taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import regex

from archive.extract.agencies import TRIM, is_agency
from archive.extract.dates import find_date

LONGEST = 80  # characters; a longer "name" is a sentence
MOST_WORDS = 7  # of a name with titles and particles

ADDRESS = regex.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|(?<!\S)@\w+")
# What always stands between two bylines, and labels that begin another one on the same line.
BETWEEN = regex.compile(
    r"[|•·;\n]|\s/\s|\b(?i:(?:written|edited|reported|posted|published|updated|curated|translated)\s+by)\b|"
    r"(?<!\S)(?:संपादन|सम्पादन|रिपोर्ट|संपादक|प्रस्तुति|अनुवाद)\s*[:\-–]"
)
JOIN = regex.compile(
    r"\s*(?:([,،、।])|\s&\s|\s\+\s|\s(?:and|und|y|e|et|och|og|en|with|mit|con)(?=\s+\p{Lu})|"
    r"\s(?:और|एवं|तथा|व)(?=\s))\s*"
)
PREFIX = regex.compile(
    r"^(?:(?:(?i:\p{L}+(?:\s+and\s+\p{L}+)?)\s+)?[Bb][Yy]\b\s*:?|"
    r"(?:Von|von|Par|par|Por|por|di|door|Door|av|Av|af|Af|Text|Texte|Texto|Autor(?:in)?|Auteur|Från|från|napsal)\b\s*(?=\p{Lu})|"
    r"[Aa]uthor\s*:?\s+(?=\p{L})|(?:एक\s+)?(?:लेखक|लेखिका|द्वारा(?:\s+लिखित)?)(?=[\s:])\s*:?|"
    r"(?:文|取材|執筆|記者)[:：/])\s*"
)
SUFFIX = regex.compile(
    r"\s*(?:(?<=\s)द्वारा|ने लिखा|की रिपोर्ट|"
    r"\b(?i:updated|published|modified|posted)\b.*|(?<=\S\s)Follow\b.*|\d+\s*(?i:min(?:ute)?s?)\s*(?i:read).*|기자)$",
    regex.S,
)
ROLE = regex.compile(
    r"\b(?:correspondent|reporter|editor|editor-at-large|writers?|contributor|columnist|journalist|producer|"
    r"photographer|redakteur(?:in)?|redaktør|rédacteur|korrespondent(?:in)?|volont[äa]r(?:in)?|periodista|"
    r"freelancer?|autor(?:in)?|author)s?$|^(?:वरिष्ठ |विशेष )?(?:संवाददाता|रिपोर्टर)$",
    regex.I,
)
PICTURE = regex.compile(r"^(?:image|photo|picture|foto|bild|फोटो|तस्वीर)s?\b|^(?:©|\(c\))", regex.I)
CREDENTIAL = regex.compile(r"^[A-Z][A-Za-z]?\.?[A-Z]{0,2}\.?$")  # MS, RD, PhD, M.D.
CONTROL = regex.compile(
    r"[?!]|^follow\b|की कलम से|\b(?:view|see|get|read|email|more|ver|all|about|search)\b.*\b(?:author|articles?|archive|feed|"
    r"posts|stories|artículos|all|more)\b",
    regex.I,
)
BRACKETED = regex.compile(r"\s+\([^)]*\)?$")  # a place, a desk: "Rakesh Sharma (Mandi)"
LETTER = regex.compile(r"\p{L}")
CASED = regex.compile(r"[\p{Lu}\p{Ll}]")
NUMBERED = regex.compile(r"^\d|\d{3}|\d\s*(?:min|views?|comments?)", regex.I)

# Words that stand around a name and are not of it: labels, week days, zones, left-over prepositions.
_AROUND = (
    "updated published posted edited written reported last on at by from first created modified ist gmt utc "
    "est date time hrs mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday "
    "अपडेट अपडेटेड प्रकाशित पब्लिश्ड पब्लिश द्वारा को दिनांक बजे सोमवार मंगलवार बुधवार गुरुवार गुरूवार शुक्रवार शनिवार "
    "रविवार"
)
AROUND = frozenset(_AROUND.split())
PARTICLES = frozenset(("von", "di", "de", "par", "por", "am", "um", "av", "af"))
GENERIC = frozenset(
    ("admin", "administrator", "user", "root", "editor", "author", "webmaster", "wordpress", "guest",
     "एडमिन", "superadmin", "super admin", "web admin", "site admin", "newsadmin", "news admin")
)  # fmt: skip
EMPTY = frozenset(
    ("", "none", "null", "undefined", "unknown", "anonymous", "n/a", "na", "लेखक", "share", "follow",
     "comments", "staff", "print", "email", "home", "kommentar", "comment", "posted in", "in")
)  # fmt: skip


def is_generic(name: str) -> bool:
    """Tell whether a byline is the name of an account, not of a person: "Admin"."""
    return name.casefold().strip(TRIM) in GENERIC


def read_authors(texts: Iterable[str], language: str = "") -> tuple[str, ...]:
    """Return the names in printed bylines, each once, in order, as printed.

    Prefixes ("By", "द्वारा", "लेखक:"), dates, addresses, roles and places after a comma, and
    "Follow" are not part of a name. One text may hold several names.
    """
    found: dict[str, str] = {}
    for text in texts:
        if len(text) <= 400:
            for name in _names(text, language):
                found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _names(text: str, language: str) -> Iterator[str]:
    text = ADDRESS.sub(" ", text)
    span = find_date(text, language)
    if span:
        text = f"{text[: span[0]]}|{text[span[1] :]}"
    for byline in BETWEEN.split(text):
        byline = SUFFIX.sub("", " ".join(byline.split()))
        # The split gives name, comma (None for "and"), name, …
        parts = JOIN.split(PREFIX.sub("", byline.strip(TRIM)))
        before = ""
        for part, comma in zip(parts[::2], [None, *parts[1::2]], strict=True):
            name = _name(part)
            if name and not (comma and _belongs_to(before, name)):
                yield name
            before = name


def _name(part: str) -> str:
    """Return a name without what stands around it, or "" if it is none."""
    if PICTURE.match(part.strip(TRIM)):
        return ""
    words = part.rpartition(":")[2].split()
    while words and words[0].casefold().strip(TRIM) in AROUND:
        del words[0]
    while words and (words[-1].casefold().strip(TRIM) in AROUND or words[-1] in PARTICLES):
        del words[-1]
    name = BRACKETED.sub("", PREFIX.sub("", " ".join(words).strip(TRIM))).strip(TRIM)
    if name.casefold() in EMPTY | PARTICLES or len(name) > LONGEST or len(words) > MOST_WORDS:
        return ""
    if ROLE.search(name) and not is_generic(name):
        return ""
    unlike = CONTROL.search(name) or NUMBERED.search(name)
    return "" if unlike or not LETTER.search(name) else name


def _belongs_to(before: str, name: str) -> bool:
    """Tell whether what follows a comma is no further name: "PTI, Shimla", "राकेश शर्मा, शिमला".

    Latin bylines list one-word names ("Seb Dumitru, Lille" cannot be told); there only what
    follows an agency is a place, and capitals are degrees.
    """
    if is_agency(name):
        return False
    if is_agency(before) or CREDENTIAL.match(name):
        return True
    return len(before.split()) > 1 and " " not in name and not CASED.search(name)
