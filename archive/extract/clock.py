"""What must be known to read a printed date, and the arithmetic from numbers to a moment."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.article import Moment

log = logging.getLogger(__name__)

Precision = Literal["second", "minute", "day", "month"]

AHEAD = timedelta(days=2)  # clocks and zones go wrong by a day; a later date is not a publication
FIRST_YEAR = 1990  # no page is older than the web; an older year is a story's subject


@dataclass(frozen=True, slots=True)
class Clock:
    """What must be known to read a printed date: zone, language, and when it was captured.

    ``zone`` is used where a page names none. ``captured`` is aware or None; without it no
    relative time can be read.
    """

    zone: tzinfo = UTC
    language: str = ""
    captured: datetime | None = None

    def moment(
        self,
        when: tuple[int, ...],
        zone: tzinfo | None,
        precision: Precision,
        source: str,
        text: str,
    ) -> Moment | None:
        """Return the moment of ``(year, month, day, hour, minute, second)``, or None if absurd.

        A clock that stands at exactly midnight says only the day: that is how systems write one.
        """
        year, month, day, hour, minute, second = (*when, 0, 0, 0)[:6]
        try:
            local = datetime(year, month, day, hour, minute, second, tzinfo=zone or self.zone)
            if precision in ("second", "minute") and self._is_midnight(local):
                precision = "day"
                if not local.utcoffset():
                    local = datetime(year, month, day, tzinfo=self.zone)
            offset = local.utcoffset() or timedelta(0)
            at = local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        if local.year < FIRST_YEAR or (self.captured and at > self.captured + AHEAD):
            return None
        return Moment(at, precision, int(offset.total_seconds() // 60), source, text)

    def _is_midnight(self, local: datetime) -> bool:
        return time() in (local.time(), local.astimezone(self.zone).time())


def clock(timezone_name: str, language: str = "", captured: datetime | None = None) -> Clock:
    """Return a clock for an IANA zone name; "" or an unknown name (logged once) means UTC."""
    if captured is not None and captured.tzinfo is None:
        captured = captured.replace(tzinfo=UTC)
    return Clock(_zone(timezone_name), language, captured)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, OSError, ValueError):
        log.warning(
            "time zone %.80r, named by a portal or a WARC's warcinfo, is no IANA zone known here: "
            "dates that name no zone are read as UTC; correct the portal's timezone",
            name,
        )
        return UTC


def local_day(moment: Moment, timezone_name: str = "") -> date:
    """Return the calendar day of ``moment`` in a portal's zone.

    An instant of 20:15 UTC is the next day in India. Where the portal names no zone, the day is
    that of the zone the page itself used.
    """
    if timezone_name:
        return moment.at.astimezone(_zone(timezone_name)).date()
    return (moment.at + timedelta(minutes=moment.offset)).date()
