"""Which captures of an address there are: the sorted index, and what is not sealed yet."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from archive.cdxj import INDEX, Entry, first_not_below, line_end, url_key
from archive.errors import ArchiveError, BadSetting
from archive.portal import Portal
from archive.replay.unsealed import Unsealed
from archive.warc.reader import first_warcinfo, resolve

MatchType = Literal["exact", "prefix", "host", "domain"]
Excluded = Callable[[str, datetime | None, str], str | None]
"""(address, when it was captured, portal) → why it is not shown, or None."""

LAST: Final = b"\xff"  # sorts after every byte of a line
_FIELDS: Final = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
_OURS: Final = re.compile(r"(.+)-\d{17}-\d{5}-[0-9a-f]{6}\.warc\.gz")


def nothing_excluded(_url: str, _captured: datetime | None, _portal: str) -> str | None:
    """Exclude nothing: what an archive without exclusions uses."""
    return None


def portal_named(warc: str) -> str:
    """Return the portal whose crawl wrote the file, by its name; "" for another crawler's.

    >>> portal_named("demo-2-20261124120000123-00001-abcdef.warc.gz"), portal_named("x.warc.gz")
    ('demo-2', '')
    """
    found = _OURS.fullmatch(warc)
    return found[1] if found else ""


def moment(timestamp: str) -> datetime:
    """Return the instant (UTC) of up to 14 digits; what is missing is the earliest that fits.

    Raises ``BadSetting`` where they are no date.

    >>> moment("20261124").isoformat(), moment("2026112412000500").isoformat()
    ('2026-11-24T00:00:00+00:00', '2026-11-24T12:00:05+00:00')
    >>> moment("2026112").isoformat(), moment("20260").isoformat()
    ('2026-11-20T00:00:00+00:00', '2026-01-01T00:00:00+00:00')
    """
    padded = timestamp[:14] + "00000101000000"[len(timestamp[:14]) :]
    if len(timestamp) in (5, 7) and timestamp[-1] != "0":  # half a month or day: 1 is 10, not 11
        padded = f"{timestamp}0{padded[len(timestamp) + 1 :]}"
    try:  # ten times as fast as strptime, which ten thousand captures would feel
        year, month, day, hour, minute, second = (int(padded[a:b]) for a, b in _FIELDS)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise BadSetting(f"{timestamp!r} is no time such as 20261124 or 20261124183000") from error


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the index: lines from ``first`` up to ``stop``."""

    first: bytes
    stop: bytes


def span(url: str, match: MatchType = "exact") -> Span:
    """Return where the captures of ``url`` lie, or of what begins with it, as CDX servers count.

    ``host`` takes all of its host, ``domain`` its subdomains too. A trailing ``*`` means prefix,
    a leading ``*.`` domain. Source: the Wayback CDX server's "URL match scope".
    """
    if match == "exact" and url.startswith("*."):
        url, match = url[2:], "domain"
    elif match == "exact" and url.endswith("*"):
        url, match = url[:-1], "prefix"
    key = url_key(url)
    host = key.partition(")")[0]
    if match == "exact":
        first = f"{key} ".encode()
        return Span(first, first[:-1] + b"!")
    if match == "prefix":
        first = key.encode()
        return Span(first, first + LAST)
    if match == "host":
        return Span(f"{host})".encode(), f"{host})".encode() + LAST)
    return Span(f"{host})".encode(), f"{host},".encode() + LAST)


class Index:
    """All captures of an archive, or of one portal's crawls in it. Any thread may ask.

    The sorted file is mapped, and mapped again when a seal has put a new one in its place.
    """

    def __init__(
        self, archive: Path, *, portal: str = "", excluded: Excluded = nothing_excluded
    ) -> None:
        self.archive = archive
        self.portal = portal
        self.excluded = excluded
        self._unsealed = Unsealed(archive)
        self._mapped: tuple[tuple[int, int, int], mmap.mmap] | None = None
        self._portals: dict[str, str] = {}

    def captures(self, where: Span, *, newest_first: bool = False) -> Iterator[Entry]:
        """Yield the captures of a stretch in the index's order (by SURT, then time), or backwards."""
        return filter(self._shown, self.every(where, newest_first=newest_first))

    def every(self, where: Span, *, newest_first: bool = False) -> Iterator[Entry]:
        """Yield as :meth:`captures`, but of every portal, and excluded ones: for originals."""
        # The unsealed first: what is sealed between the two looks is then seen twice, not never.
        fresh = self._unsealed.between(where.first, where.stop)
        sealed = self._sealed(where, newest_first)
        both = merge(sealed, fresh[::-1] if newest_first else fresh, reverse=newest_first)
        last = b""
        for line in both:
            if line != last:
                yield Entry.parse(line)
            last = line

    def of(self, url: str) -> Iterator[Entry]:
        """Yield the captures of ``url``, oldest first."""
        return self.captures(span(url))

    def nearest(self, url: str, timestamp: str) -> Iterator[Entry]:
        """Yield the captures of ``url`` by their distance from ``timestamp`` (up to 14 digits)."""
        wanted = moment(timestamp)
        where = span(url)
        at = where.first + f"{wanted:%Y%m%d%H%M%S}".encode()
        later = self.captures(Span(at, where.stop))
        earlier = self.captures(Span(where.first, at), newest_first=True)

        def distance(entry: Entry) -> float:
            return abs((moment(entry.timestamp) - wanted).total_seconds())

        return merge(later, earlier, key=distance)

    def standing(self, url: str, timestamp: str) -> Entry | None:
        """Return the last capture of ``url`` up to ``timestamp`` (14 digits), else the first after."""
        where = span(url)
        then = Span(where.first, where.first + timestamp.encode() + LAST)
        before = next(self.captures(then, newest_first=True), None)
        return before or next(self.captures(where), None)

    def neighbours(self, url: str, most: int) -> list[Entry]:
        """Return up to ``most`` captures, each of another address, that sort beside ``url``."""
        key = span(url).first
        host = Span(key.partition(b")")[0] + b")", LAST)
        beside = [
            _first_of_each(self.captures(Span(key, host.first + LAST)), most),
            _first_of_each(self.captures(Span(host.first, key), newest_first=True), most),
        ]
        return [entry for some in beside for entry in some][:most]

    def reason(self, entry: Entry) -> str | None:
        """Return why a capture is not to be shown, or None."""
        if self.excluded is nothing_excluded:
            return None
        return self.excluded(entry.url, moment(entry.timestamp), self.portal_of(entry.warc))

    def why_none(self, where: Span, most: int) -> str | None:
        """Return why nothing of a stretch is shown, by its first ``most`` captures.

        None where something is shown, or nothing was captured.
        """
        if next(self.captures(where), None):
            return None
        ours = filter(self._of_portal, self.every(where))
        return next(filter(None, map(self.reason, islice(ours, most))), None)

    def portal_of(self, warc: str) -> str:
        """Return the portal that a WARC says it is of, else the one that its name says; or ""."""
        known = self._portals.get(warc)
        if known is not None:
            return known
        path = resolve(self.archive / "warc", warc)
        try:
            fields = first_warcinfo(path)
        except (ArchiveError, OSError):  # moved, for one: it may come back
            return portal_named(warc)
        portal = Portal.from_warcinfo(fields).id or portal_named(warc)
        if fields or path.name == warc:  # the record of one still open may be on its way
            self._portals[warc] = portal
        return portal

    def _of_portal(self, entry: Entry) -> bool:
        return not self.portal or self.portal_of(entry.warc) == self.portal

    def _shown(self, entry: Entry) -> bool:
        return self._of_portal(entry) and self.reason(entry) is None

    def _sealed(self, where: Span, backwards: bool) -> Iterator[bytes]:
        lines = self._map()
        if lines is None:
            return
        at = first_not_below(lines, where.first, 0)
        if not backwards:
            while at < len(lines):
                line = lines[at : line_end(lines, at)]
                if line >= where.stop:
                    return
                yield line
                at += len(line)
            return
        end = first_not_below(lines, where.stop, at)
        while end > at:
            start = max(at, lines.rfind(b"\n", at, end - 1) + 1)
            yield lines[start:end]
            end = start

    def _map(self) -> mmap.mmap | None:
        """Return the index file as memory; a map that others still read is left to them."""
        path = self.archive / INDEX
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            stat = os.fstat(file.fileno())
            if not stat.st_size:
                return None
            now = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            mapped = self._mapped
            if mapped is None or mapped[0] != now:
                mapped = now, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                self._mapped = mapped
            return mapped[1]
        return None


def _first_of_each(entries: Iterator[Entry], most: int) -> list[Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry.key, entry)
        if len(found) >= most:
            break
    return list(found.values())
