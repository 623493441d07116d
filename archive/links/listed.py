"""What a feed, a sitemap or WordPress's REST lists, and how its addresses become links."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from archive.link import Link, LinkKind

ListingKind = Literal["rss", "atom", "json", "sitemap", "index", "text", "rest", "unknown"]

MAX_LINKS = 100_000  # sitemaps.org allows 50,000 URLs a file; beyond this it is no listing
MAX_URL = 8_000  # RFC 9110, 4.1: what every server should take
MAX_TEXT = 1_000  # characters of a title; a whole article in <title> is not a title
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_PLAIN_URL = re.compile("https?://[A-Za-z0-9.-]*[A-Za-z0-9]/[^\\s\x00-\x20\x7f#\\\\\ud800-\udfff]*")
_TAG = re.compile(r"<[/!a-zA-Z][^<>]{0,500}>")


@dataclass(frozen=True, slots=True)
class Listing:
    """The links of one feed, sitemap or REST answer, each URL once, in its own order.

    ``links`` are stories (or pages), ``children`` the sitemaps that an index names, ``next`` the
    addresses of the following pages of this listing, absolute. ``kind`` is ``unknown`` where the bytes
    were something else. ``problem`` says what was wrong with the source, "" if nothing; what could
    be read is there all the same.
    """

    kind: ListingKind
    links: tuple[Link, ...] = ()
    children: tuple[Link, ...] = ()
    next: tuple[str, ...] = ()
    title: str = ""
    language: str = ""
    problem: str = ""


def absolute(base: str, href: str) -> str:
    """Return ``href`` resolved against ``base``, without fragment; "" if it is not http(s).

    White space is treated as browsers do (line breaks and tabs dropped, blanks as ``%20``);
    nothing else is changed. Source: WHATWG URL, "basic URL parser", step 3.
    """
    href = _blanks_escaped(href)
    if not href or len(href) > MAX_URL:
        return ""
    if _PLAIN_URL.fullmatch(href):  # nine in ten: nothing to resolve, ten times as fast
        return href
    try:
        parts = urlsplit(urljoin(_blanks_escaped(base), href))
        host, _ = parts.hostname, parts.port
        parts.geturl().encode("utf-8")  # a lone surrogate out of JSON cannot be sent or stored
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def _blanks_escaped(address: str) -> str:
    return re.sub(r"[\t\r\n]", "", address).strip().replace(" ", "%20")


def plain(text: str) -> str:
    """Return a title as a person reads it: markup and character references undone, blanks folded.

    >>> plain("मंडी &amp;#8217;में <b>बारिश</b>\\n से")
    'मंडी ’में बारिश से'
    """
    if not text:
        return ""
    text = text[: 4 * MAX_TEXT]
    for _ in range(2):  # feeds escape twice: once for HTML, once for XML
        text = html.unescape(text)
    text = _TAG.sub("", text).encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.split())[:MAX_TEXT]


def iso_date(text: str) -> str | None:
    """Return a listing's date as ISO 8601, as precise as it stood there; None if it is no date.

    RFC 822 dates are rewritten, with their offset; one in a zone that RFC 822 does not know
    ("IST") keeps its clock time without an offset. ISO dates pass unchanged.

    >>> iso_date("Tue, 24 Nov 2026 11:41:30 +0530")
    '2026-11-24T11:41:30+05:30'
    >>> iso_date("2026-11")
    '2026-11'
    """
    text = " ".join(text.split())[:64]
    try:
        if _DAY.fullmatch(text):
            year, month, day = (*text.split("-"), "1", "1")[:3]
            datetime(int(year), int(month), int(day))  # noqa: DTZ001 - only checked
        elif text[:4].isdecimal():
            datetime.fromisoformat(text)
        else:
            return parsedate_to_datetime(text).isoformat()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return text


class Collector:
    """Gathers links in order, each URL once, up to :data:`MAX_LINKS`."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._links: dict[tuple[str, LinkKind], Link] = {}
        self.refused = 0  # entries without an address that can be fetched

    def add(
        self, kind: LinkKind, href: str, text: str = "", date: str = "", base: str = ""
    ) -> None:
        """Keep a link; an entry whose address is none is counted in ``refused``."""
        if not (url := absolute(base or self.base, href)):
            self.refused += 1
        elif not self.full and (url, kind) not in self._links:
            self._links[url, kind] = Link(url, kind, plain(text), iso_date(date) if date else None)

    @property
    def full(self) -> bool:
        """Tell whether no more links are taken."""
        return len(self._links) >= MAX_LINKS

    @property
    def links(self) -> tuple[Link, ...]:
        """The links so far."""
        return tuple(self._links.values())

    def problem(self, *found: str) -> str:
        """Join what was wrong: ``found``, entries without address, too many entries."""
        said = [*found]
        if self.refused:
            said.append(f"{self.refused} entries without a web address")
        if self.full:
            said.append(f"only the first {MAX_LINKS:,} links were taken")
        return join_problems(said)


def instead(text: str, wanted: str) -> str:
    """Say what ``text`` is, if it is not ``wanted``."""
    if not text.strip():
        return f"empty, not {wanted}"
    html_like = re.search(r"<html|<!doctype html|<body", text[:4096], re.I)
    return f"{'HTML' if html_like else 'something else'} instead of {wanted}"


def join_problems(found: Iterable[str]) -> str:
    """Return what was wrong in one line."""
    return "; ".join(part for part in found if part)
