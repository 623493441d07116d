"""Printed dates: machine stamps, Hindi and English words, relative times, addresses.

Everything here is arithmetic over text: what "now" is (the capture's date) and which zone holds
where a page names none (the portal's) are given in a :class:`~archive.extract.clock.Clock`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache

import regex

from archive.article import Moment
from archive.extract.clock import Clock, Precision
from archive.extract.months import ZONES, calendar_of, fold, month_names, month_pattern

LONGEST = 400  # characters in which a date is looked for

STAMP = regex.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"\s*(Z\b|UTC|GMT|[A-Z]{3,4}\b|[+\-\u2212 ]\s?\d{2}:?\d{2}\b)?)?",
    regex.I,
)
COMPACT = regex.compile(r"^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
EPOCH = regex.compile(r"^1\d{9}(?:\d{3})?$")
SCRIPTED = regex.compile(  # JavaScript's Date.toString()
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT([+-]\d{4})"
)
TIME = (
    r"(?:(?P<part>सुबह|प्रातः|तड़के|दोपहर|अपराह्न|पूर्वाह्न|शाम|सायं|रात|रात्रि)\s*)?"
    r"(?P<hour>\d{1,2})\s?[:.]\s?(?P<minute>\d{2})(?!\d)(?:\s?:\s?(?P<second>\d{2}))?(?!\.?\d)"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?|एएम|पीएम|पूर्वाह्न|अपराह्न)?"
    r"\s*(?:बजे|hrs|uhr)?\s*\(?(?P<zone>(?-i:Z|UTC|GMT|[A-Z]{2,4}T)\b)?(?P<shift>\s?[+-]\d{2}:?\d{2}\b)?\)?"
)
DAY = r"(?<!\d)(?P<day>\d{1,2})(?:\s?(?:st|nd|rd|th|er)\b|\.)?"
YEAR = r"(?P<year>(?:19|20)\d{2}|['’]?\d{2}(?![\d:.]))"
GAP = r"[\s,،.\-/|–—•·()]*(?:(?:at|को|um|à|on)\b)?[\s,|–—-]*"
# "10:15 AM, Fri, 13 Dec 2024": a clock may stand before its date, with a week day between.
CLOCK_BEFORE = regex.compile(rf"(?<!\d){TIME}[\s,|–—-]*(?:[\p{{L}}\p{{M}}]+[\s,]+)?$", regex.I)
RELATIVE = regex.compile(
    r"(?<![\p{L}\p{M}\d])(?P<n>\d{1,3}|an?|one|एक)\s*"
    r"(?:(?P<minute>min(?:ute)?s?|मिनट|मिनिट)|(?P<hour>h(?:ou)?rs?|घंटे|घंटा|घण्टे)|"
    r"(?P<day>days?|दिन))\s*(?:ago|पहले|पूर्व)",
    regex.I,
)
NAMED_DAY = regex.compile(
    r"^\W*(?:(?P<today>today|आज|just now|अभी अभी|अभी)|(?P<yesterday>yesterday|कल|बीते कल))"
    rf"\b{GAP}(?:{TIME})?",
    regex.I,
)
# Hours before noon in these parts of the day belong to its second half.
AFTERNOON = {"दोपहर", "अपराह्न", "शाम", "सायं", "रात", "रात्रि"}
# Path segments of their own, YYYY-MM-DD, YYYYMMDD. A slug may begin with any number ("/2026/11/8-72-करोड़-…"),
# and "2011-12-बजट" is a financial year.
IN_ADDRESS = regex.compile(
    r"/(?P<year>(?:19|20)\d{2})/(?P<month>\d{1,2}|[a-z]{3})(?:/(?P<day>\d{1,2}))?(?=/|$)"
    r"|/(?P<year>(?:19|20)\d{2})(?P<mark>[-_])(?P<month>\d{2})(?:(?P=mark)(?P<day>\d{2})(?!\d)|(?=/|$))"
    r"|(?<!\d)(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d{1,5}\b(?<!\d{14}))",
    regex.I,
)


def read_moment(text: str, at: Clock, source: str) -> Moment | None:
    """Return the date that ``text`` is or holds, or None.

    Tries machine stamps, then words, then numbers, then times relative to the capture.
    ``text`` may have more in it than the date; ``Moment.text`` keeps the part that was read.
    """
    text = text[:LONGEST].strip()
    if not any(c.isdigit() for c in text):
        return _relative(text, at, source) or _named_day(text, at, source)
    plain = _ascii_digits(text)
    for reader in (_stamp, _machine, _words, _numbers, _relative, _named_day, _month_only):
        found = reader(plain, at, source)
        if found is not None:
            start = max(plain.find(found.text), 0)
            return replace(found, text=text[start : start + len(found.text)])
    return None


def find_date(text: str, language: str) -> tuple[int, int] | None:
    """Return where a printed date (with its time) stands in ``text``: start and end, or None."""
    if not any(c.isdecimal() for c in text):
        return None
    plain = _ascii_digits(text)
    spans = [m.span() for p in _patterns(calendar_of(language)) if (m := p.search(plain))]
    spans += [m.span() for p in (STAMP, RELATIVE) if (m := p.search(plain))]
    return min(spans) if spans else None


def date_in_address(url: str, at: Clock) -> Moment | None:
    """Return the day or month that an address names, as news systems and WordPress write it."""
    path = regex.sub(r"^[a-z]+://[^/]*", "", url.split("?", 1)[0].split("#", 1)[0])
    for hit in IN_ADDRESS.finditer(path):
        word, day = hit["month"], hit["day"]
        month = int(word) if word.isdigit() else month_names("").get(word.lower(), 0)
        when = (int(hit["year"]), month, int(day or 1))
        precision: Precision = "day" if day else "month"
        found = at.moment(when, None, precision, "url", hit[0].strip("/"))
        if found is not None:
            return found
    return None


def _ascii_digits(text: str) -> str:
    """Return ``text`` with every decimal digit as ASCII; positions do not move."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def _offset(text: str) -> timezone:
    digits = regex.sub(r"\D", "", text)
    minutes = int(digits[:2]) * 60 + int(digits[2:4])
    return timezone(timedelta(minutes=-minutes if text.strip()[0] in "-\u2212" else minutes))


def _named_zone(name: str, at: Clock) -> tzinfo | None:
    name = name.upper()
    now = at.captured or datetime(2024, 1, 1, tzinfo=UTC)
    if now.astimezone(at.zone).tzname() == name:
        return at.zone
    return timezone(timedelta(minutes=ZONES[name])) if name in ZONES else None


def _zone_of(text: str | None, at: Clock) -> tzinfo | None:
    """Return the zone that a stamp's tail names; a "+" that became a space still counts."""
    if not text or not text.strip():
        return None
    if text.strip()[0].isalpha():
        return _named_zone(text.strip(), at)
    return _offset(text)


def _stamp(text: str, at: Clock, source: str) -> Moment | None:
    hit = STAMP.search(text)
    if not hit:
        return None
    year, month, day, hour, minute, second = hit.groups()[:6]
    if hour is None:
        return at.moment((int(year), int(month), int(day)), None, "day", source, hit[0])
    when = (int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    precision: Precision = "second" if second else "minute"
    half = regex.match(r"\s*([ap])\.?m", text[hit.end() :], regex.I)
    if half:
        when = (*when[:3], _hour(when[3], half[1], None), *when[4:])
    return at.moment(when, _zone_of(hit[7], at), precision, source, hit[0].strip())


def _machine(text: str, at: Clock, source: str) -> Moment | None:
    """Read epochs, compact stamps, RFC 2822 and JavaScript's Date.toString()."""
    if EPOCH.match(text):
        stamp = datetime.fromtimestamp(int(text[:10]), UTC)
        return at.moment(stamp.timetuple()[:6], UTC, "second", source, text)
    if hit := COMPACT.match(text):
        numbers = tuple(int(n) for n in hit.groups()[:6] if n)
        precision: Precision = "day" if len(numbers) == 3 else "second" if hit[6] else "minute"
        return at.moment(numbers, UTC if hit[7] else None, precision, source, text)
    if hit := SCRIPTED.search(text):
        month = month_names("").get(hit[1].lower(), 0)
        when = (int(hit[3]), month, int(hit[2]), int(hit[4]), int(hit[5]), int(hit[6]))
        return at.moment(when, _offset(hit[7]), "second", source, hit[0])
    if regex.match(r"(?:[A-Z][a-z]{2},\s*)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}", text):
        try:
            stamp = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError):
            return None
        zone = stamp.tzinfo if stamp.tzinfo else None
        return at.moment(stamp.timetuple()[:6], zone, "second", source, text)
    return None


@lru_cache(maxsize=64)
def _patterns(calendar: str) -> tuple[regex.Pattern[str], ...]:
    """Return patterns for dates in words (day first, month first, East Asian) and in numbers."""
    month = rf"(?P<month>{month_pattern(calendar)})(?![\p{{L}}\p{{M}}])\.?"
    clock_after = rf"(?:{GAP}(?:{TIME}))?"
    sources = (
        rf"{DAY}[\s\-/,]*(?:de |of )?(?<![\p{{L}}\p{{M}}]){month}[\s\-/,.]*(?:de |of )?{YEAR}{clock_after}",
        rf"(?<![\p{{L}}\p{{M}}]){month}[\s\-/,]*{DAY}\s*[\s\-/,]\s*{YEAR}{clock_after}",
        rf"(?P<year>20\d{{2}})\s?[年년]\s?(?P<month>\d{{1,2}})\s?[月월]\s?(?P<day>\d{{1,2}})\s?[日일]{clock_after}",
        rf"(?<![\d.:/-])(?P<day>\d{{1,2}})(?P<mark>[./\-])\s?(?P<month>\d{{1,2}})(?P=mark)\s?{YEAR}(?![\d/]){clock_after}",
        rf"(?<!\d)(?P<year>20\d{{2}})[./](?P<month>\d{{1,2}})[./](?P<day>\d{{1,2}})(?!\d){clock_after}",
    )
    return tuple(regex.compile(s, regex.I) for s in sources)


def _words(text: str, at: Clock, source: str) -> Moment | None:
    names = month_names(calendar_of(at.language))
    hits = [h for p in _patterns(calendar_of(at.language))[:3] if (h := p.search(text))]
    for hit in sorted(hits, key=lambda h: h.start()):
        word = hit["month"]
        month = int(word) if word.isdigit() else names.get(fold(word), 0)
        found = _told(hit, month, int(hit["day"]), at, source)
        if found is not None:
            return found
    return None


def _numbers(text: str, at: Clock, source: str) -> Moment | None:
    """Read 13/12/2024 day first, as India and most of the world write it; en-US month first."""
    for pattern in _patterns(calendar_of(at.language))[3:]:
        hit = pattern.search(text)
        if not hit:
            continue
        day, month = int(hit["day"]), int(hit["month"])
        swap = at.language.lower() == "en-us" and "mark" in hit.groupdict()
        if (swap and day <= 12) or month > 12:
            day, month = month, day
        found = _told(hit, month, day, at, source)
        if found is not None:
            return found
    return None


def _told(hit: regex.Match[str], month: int, day: int, at: Clock, source: str) -> Moment | None:
    year = int(hit["year"].lstrip("'’"))
    year += 2000 if year < 100 else 0
    timed, start = _time(hit, at), hit.start()
    if timed is None and (before := CLOCK_BEFORE.search(hit.string[: hit.start()])):
        timed, start = _time(before, at), before.start()
    text = hit.string[start : hit.end()].strip(" ,|–—-(.")
    text = text if "(" in text else text.rstrip(")")
    if timed is None:
        return at.moment((year, month, day), None, "day", source, text)
    hour, minute, second, zone = timed
    precision: Precision = "minute" if second is None else "second"
    return at.moment((year, month, day, hour, minute, second or 0), zone, precision, source, text)


def _time(hit: regex.Match[str], at: Clock) -> tuple[int, int, int | None, tzinfo | None] | None:
    if not hit["hour"]:
        return None
    hour = _hour(int(hit["hour"]), hit["half"], hit["part"])
    if hour > 23 or int(hit["minute"]) > 59:
        return None
    second = int(hit["second"]) if hit["second"] else None
    zone = _zone_of(hit["shift"], at) or _zone_of(hit["zone"], at)
    return hour, int(hit["minute"]), second, zone


def _hour(hour: int, half: str | None, part: str | None) -> int:
    """Return the hour of 24; रात 12:30 and रात 1:30 are after midnight, रात 9:30 is not."""
    mark = (half or "").lower()
    if mark.startswith(("p", "पी", "अप")):
        return hour if hour >= 12 else hour + 12
    if mark.startswith(("a", "ए", "पू")):
        return 0 if hour == 12 else hour
    if part in ("रात", "रात्रि") and (hour == 12 or hour < 5):
        return hour % 12
    if part in ("दोपहर", "अपराह्न") and hour == 11:
        return hour
    return hour + 12 if part in AFTERNOON and hour < 12 else hour


def _relative(text: str, at: Clock, source: str) -> Moment | None:
    """Read "3 hours ago", "2 दिन पहले". Weeks and longer are rounded by those who print them."""
    hit = RELATIVE.search(text)
    if not hit or at.captured is None:
        return None
    number = int(hit["n"]) if hit["n"].isdigit() else 1
    if hit["minute"]:
        then = (at.captured - timedelta(minutes=number)).astimezone(at.zone)
        return at.moment(then.timetuple()[:5], None, "minute", source, hit[0])
    ago = timedelta(hours=number) if hit["hour"] else timedelta(days=number)
    then = (at.captured - ago).astimezone(at.zone)
    return at.moment(then.timetuple()[:3], None, "day", source, hit[0])


def _named_day(text: str, at: Clock, source: str) -> Moment | None:
    """Read "today" and "yesterday"; कल is always yesterday: nothing is published tomorrow."""
    hit = NAMED_DAY.search(text)
    if not hit or at.captured is None:
        return None
    here = at.captured.astimezone(at.zone)
    day = here.date() - timedelta(days=1 if hit["yesterday"] else 0)
    timed = _time(hit, at)
    if timed is None:
        return at.moment((day.year, day.month, day.day), None, "day", source, hit[0].strip())
    hour, minute, _, zone = timed
    when = (day.year, day.month, day.day, hour, minute)
    return at.moment(when, zone, "minute", source, hit[0].strip())


@lru_cache(maxsize=64)
def _month_year(calendar: str) -> regex.Pattern[str]:
    names = month_pattern(calendar)
    return regex.compile(
        rf"(?<![\p{{L}}\p{{M}}]|\d\s?)(?P<month>{names})(?![\p{{L}}\p{{M}}])[\s,.]*(?P<year>20\d{{2}})(?!\d)",
        regex.I,
    )


def _month_only(text: str, at: Clock, source: str) -> Moment | None:
    hit = _month_year(calendar_of(at.language)).search(text)
    if not hit:
        return None
    month = month_names(calendar_of(at.language)).get(fold(hit["month"]), 0)
    return at.moment((int(hit["year"]), month, 1), None, "month", source, hit[0])
