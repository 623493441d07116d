"""The story of a run: its log as JSON lines, each leading to the capture it is about."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.errors import BadSetting

Place = tuple[str, int]  # a WARC file's name, and the byte at which a record starts
LEVELS = ("debug", "info", "warning", "error", "critical")
_KNOWN = 2_000  # addresses whose place is remembered: a line comes soon after its capture


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``at`` is aware, UTC; ``url``, ``warc`` and ``offset`` are set where it is about
    an address that has been kept."""

    at: datetime
    level: str
    said: str
    logger: str = ""
    portal: str = ""
    crawl: str = ""
    url: str = ""
    warc: str = ""
    offset: int | None = None

    def values(self) -> dict[str, Any]:
        """Return what is said, as plain values."""
        told = asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}
        return {name: value for name, value in told.items() if value not in ("", None)}


class Places:
    """Where the newest addresses of a run were kept."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, Place] = OrderedDict()

    def note(self, url: str, warc: str, offset: int) -> None:
        """Remember where the newest capture of ``url`` starts."""
        self._places[url] = (warc, offset)
        self._places.move_to_end(url)
        if len(self._places) > _KNOWN:
            self._places.popitem(last=False)

    def of(self, url: str) -> Place | None:
        """Return the place of the newest capture of ``url``."""
        return self._places.get(url)


class StoryHandler(logging.FileHandler):
    """Write log records as JSON lines; the first address among a record's arguments is its own."""

    def __init__(self, path: Path, portal: str, crawl: str, place: Callable[[str], Place | None]):
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, encoding="utf-8")
        self._portal, self._crawl, self._place = portal, crawl, place

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        url = _url_of(record)
        place = self._place(url) if url else None
        line = Line(
            datetime.fromtimestamp(record.created, UTC),
            record.levelname.lower(),
            record.getMessage() + _trace(record),
            record.name,
            self._portal,
            self._crawl,
            url,
            *(place or ("", None)),
        )
        return json.dumps(line.values(), ensure_ascii=False)


def read_story(path: Path, level: str = "") -> list[Line]:
    """Return the lines of a run's story, of one ``level`` if it is named; [] if there is no file.

    A last line that a crash tore is left out. Raises ``BadSetting`` for a level that is none.
    """
    if level and level not in LEVELS:
        raise BadSetting(f"{level!r} is no level: write one of {', '.join(LEVELS)}")
    found = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            told = json.loads(line)
            one = Line(**told | {"at": datetime.fromisoformat(told["at"])})
        except (ValueError, TypeError, KeyError):
            continue
        if not level or one.level == level:
            found.append(one)
    return found


def _url_of(record: logging.LogRecord) -> str:
    arguments = record.args if isinstance(record.args, tuple) else ()
    urls = (a for a in arguments if isinstance(a, str) and a.startswith(("http://", "https://")))
    return next(urls, "")


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info:
        return ""
    return "\n" + logging.Formatter().formatException(record.exc_info)
