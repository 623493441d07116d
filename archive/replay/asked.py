"""What a request asks for: paths of mementos, dates, byte ranges. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, unquote

from archive.errors import BadSetting
from archive.replay.links import Modifier

_MEMENTO: Final = re.compile(r"(?P<timestamp>\d{1,14})(?P<modifier>[a-z]{2}_)?/(?P<url>.+)", re.S)
_ESCAPED: Final = re.compile(r"https?%3A", re.I)
_SCHEME: Final = re.compile(r"(https?):/+", re.I)
_RANGE: Final = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")
# What other replayers write for what we fetch alike.
_ALIKE: Final[dict[str, Modifier]] = {
    "": "",
    "id_": "id_",
    "ir_": "id_",
    "mp_": "mp_",
    "if_": "mp_",
    "cs_": "cs_",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A capture as a path names it. ``timestamp`` is "" where any will do (a TimeGate)."""

    url: str
    timestamp: str = ""
    modifier: Modifier = ""


def asked(path: str) -> Asked:
    """Read what stands after ``/web/``, query included.

    >>> asked("20261124im_/http:/khabar.test/a.png?x=1")
    Asked(url='http://khabar.test/a.png?x=1', timestamp='20261124', modifier='im_')
    """
    if found := _MEMENTO.fullmatch(path):
        modifier = _ALIKE.get(found["modifier"] or "", "im_")
        return Asked(address(found["url"]), found["timestamp"], modifier)
    return Asked(address(path))


def address(text: str) -> str:
    """Return what a person or client wrote as an address; ``http`` where no scheme is given.

    >>> address("khabar.test/a"), address("https:/khabar.test/")
    ('http://khabar.test/a', 'https://khabar.test/')
    >>> address("http%3A//khabar.test/%25E0?a")
    'http://khabar.test/%E0?a'
    """
    text = text.strip()
    if _ESCAPED.match(text):  # cdx-toolkit escapes an address that it puts in a path
        text = unquote(text)
    if found := _SCHEME.match(text):
        return f"{found[1].lower()}://{text[found.end() :]}"
    return f"http://{text.lstrip('/')}"


def datetime_header(value: str) -> datetime:
    """Read an Accept-Datetime; ``BadSetting`` if it is no RFC 1123 date (RFC 7089, 4.5.3: 400)."""
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError) as error:
        raise BadSetting(
            f"Accept-Datetime is {value!r}, not a date such as Tue, 24 Nov 2026 12:00:00 GMT"
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def http_date(at: datetime) -> str:
    """Return an RFC 1123 date, English whatever the locale.

    >>> http_date(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    'Tue, 24 Nov 2026 12:00:00 GMT'
    """
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.weekday()]
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.month - 3 : 3 * at.month]
    return f"{day}, {at.day:02} {month} {at.year:04} {at:%H:%M:%S} GMT"


def ascii_url(url: str) -> str:
    """Return ``url`` as a header may hold it: what is not ASCII, and angle brackets, escaped."""
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~")


def byte_range(header: str, size: int) -> range | None:
    """Return the bytes that a Range header asks for; None for the whole (RFC 9110, 14.2).

    An empty range says that none of them is there: 416. Several ranges at once get the whole.

    >>> byte_range("bytes=2-", 10), byte_range("bytes=-3", 10), byte_range("bytes=10-", 10)
    (range(2, 10), range(7, 10), range(0, 0))
    """
    found = _RANGE.fullmatch(header)
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        return range(max(0, size - int(found[2])), size)
    first, last = int(found[1]), int(found[2] or size - 1)
    if found[2] and last < first:
        return None
    return range(first, min(last + 1, size)) if first < size else range(0)
