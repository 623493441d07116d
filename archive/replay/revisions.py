"""The revisions of one story, and which two of them a reader means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.errors import BadSetting
from archive.replay import tables
from archive.replay.asked import ascii_url
from archive.replay.difference import Line, compare
from archive.replay.links import Modifier, replay_path


@dataclass(frozen=True, slots=True)
class Revision:
    """A story as it stood. ``first`` is when it was first seen so; ``seen`` the capture it was read from."""

    number: int
    url: str
    title: str
    body: str
    first: datetime
    seen: datetime

    @property
    def stamp(self) -> str:
        """Its name in an address: 14 digits (UTC) of ``first``."""
        return f"{self.first:%Y%m%d%H%M%S}"

    @property
    def label(self) -> str:
        return f"{self.number}: {self.first:%Y-%m-%d %H:%M} UTC"

    def page(self, modifier: Modifier = "mp_") -> str:
        """Return the path of the captured page on the replay server."""
        return replay_path(ascii_url(self.url), f"{self.seen:%Y%m%d%H%M%S}", modifier)


def revisions(archive: Path, url_or_id: str) -> list[Revision]:
    """Return the revisions of a story, oldest first; [] if it is in no table."""
    told = tables.story(archive, url_or_id)
    return [Revision(*row) for row in tables.revisions(archive, told.article)] if told else []


def pair(
    all_: list[Revision], old: datetime | None, new: datetime | None
) -> tuple[Revision, Revision]:
    """Return the revisions that stood at ``old`` and ``new``: else the last two.

    Raises ``BadSetting`` where there are no two.
    """
    if len(all_) < 2:
        raise BadSetting(
            f"only one revision of {all_[0].url} is known: there is nothing to compare"
        )
    right = _standing(all_, new) if new else all_[-1]
    left = _standing(all_, old) if old else all_[max(0, all_.index(right) - 1)]
    return left, right


def difference(old: Revision, new: Revision) -> list[Line]:
    """Return what changed, the headline first."""
    return compare(f"{old.title}\n{old.body}", f"{new.title}\n{new.body}")


def _standing(all_: list[Revision], at: datetime) -> Revision:
    return next((one for one in reversed(all_) if one.first <= at), all_[0])
