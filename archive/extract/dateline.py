"""The place a story was sent from, as its first line prints it."""

from __future__ import annotations

from functools import cache

import regex

from archive.extract.agencies import is_agency
from archive.extract.dates import find_date
from archive.extract.months import month_pattern
from archive.extract.words import SENTENCE_WORDS

BRACKETS = regex.compile(r"\([^)]*\)|\[[^\]]*\]")
LONGEST = 70  # characters of what stands before the story
HEAD = 110  # characters; a dateline is over by then
# What closes a dateline. A colon or dash needs a space or a letter after it, not a digit.
CLOSE = regex.compile(
    r"\s*[।|:：](?!\d)|\s*[–—]\s*|\s+-{1,2}\s+|(?<=[)\]])\s*[.-]?\s*(?=\S)|\s+\.\.+"
)
AGENCY_WORDS = regex.compile(
    r"ब्यूरो|संवाददाता|एजेंसी|एजेंसियां|न्यूज|न्यूज़|समाचार|संवाद|डेस्क|जेएनएन|जागरण|प्रतिनिधि|रिपोर्टर|"
    r"\b(?:bureau|correspondent|agency|agencies|news|service|desk|staff|reporter|network|"
    r"reuters|tns|hns|ht)\b",
    regex.I,
)
PLACE = regex.compile(r"^[\p{L}\p{M}\u200c\u200d.'’\-/ ]+$")


def read_dateline(text: str) -> str:
    """Return the place of the dateline that begins the body's first line, as printed, or "".

    Date, agency and bureau around it are left out: "सोलन, 12 दिसंबर (ब्यूरो):" gives "सोलन",
    "MEXICO CITY (AP) — " gives "MEXICO CITY", "जागरण संवाददाता, शिमला।" gives "शिमला".
    """
    line = text.lstrip().split("\n", 1)[0].strip("*_ \u00a0")[:HEAD]
    for close in CLOSE.finditer(line):
        head = line[: close.start()].strip()
        place = _place(head, close[0].strip())
        if place:
            return place
        if len(head) > LONGEST or any(w in SENTENCE_WORDS for w in head.casefold().split()):
            return ""
    # A line of its own, "Shimla, December 12": only with a date or an agency.
    return _place(line, "") if len(line) <= LONGEST else ""


def _place(head: str, close: str) -> str:
    signed = False
    for inside in BRACKETS.findall(head):
        signed |= bool(AGENCY_WORDS.search(inside) or is_agency(inside.strip("()[]").split("/")[0]))
    bare = BRACKETS.sub(" ", head)
    span = _date_span(bare)
    if span:
        signed = True
        bare = bare[: span[0]] + "," + bare[span[1] :]
    parts = [p.strip(" .-–—*") for p in regex.split(r"[,،]", bare)]
    kept = []
    for part in parts:
        if not part:
            continue
        if is_agency(part) or AGENCY_WORDS.search(part):
            signed = True
        else:
            kept.append(part)
    if not kept or len(kept) > 2:
        return ""
    place = kept[0]
    return place if _is_place(place, close, signed) else ""


def _date_span(text: str) -> tuple[int, int] | None:
    """Find a date with or without its year: datelines mostly leave it out."""
    span = find_date(text, "")
    if span:
        return span
    hit = _day_and_month().search(text)
    return hit.span() if hit else None


@cache
def _day_and_month() -> regex.Pattern[str]:
    names = month_pattern("")
    return regex.compile(
        rf"\d{{1,2}}\s+(?:{names})(?![\p{{L}}\p{{M}}])\.?|(?<!\p{{L}})(?:{names})\.?\s+\d{{1,2}}(?!\d)",
        regex.I,
    )


def _is_place(place: str, close: str, signed: bool) -> bool:
    words = place.split()
    if not PLACE.match(place) or len(words) > (4 if signed else 2) or len(place) > 40:
        return False
    if any(w.casefold() in SENTENCE_WORDS for w in words):
        return False
    if regex.search(r"[\p{Lu}\p{Ll}]", place):
        if place.isupper() and len(place) > 2 and (close or signed):
            return True
        titled = all(w[:1].isupper() for w in words)
        return titled and (signed or (close in (":", "–", "—") and len(words) <= 2))
    return signed or close in ("।", "|", ":", "–", "—", "-", "--")
