"""What a reader of pages must know of a portal; travels in each WARC's ``warcinfo`` record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from archive.layout import Layout


@dataclass(frozen=True, slots=True)
class Portal:
    """The facts of a portal that decide how its pages are read.

    ``timezone`` is an IANA name, used for dates that name no zone; "" means UTC.
    ``language`` is a BCP 47 tag, used where a page names none. ``layouts`` is what the archive has
    learned of its pages; it is no fact of the portal's and travels in no WARC.
    """

    id: str = ""
    name: str = ""
    home: str = ""
    timezone: str = ""
    language: str = ""
    layouts: tuple[Layout, ...] = ()

    def to_warcinfo(self) -> dict[str, str]:
        """Return the ``warcinfo`` fields that :meth:`from_warcinfo` reads back."""
        return {
            "isPartOf": self.id,
            "morestories-portal-name": self.name,
            "morestories-home": self.home,
            "morestories-timezone": self.timezone,
            "morestories-language": self.language,
        }

    @classmethod
    def from_warcinfo(cls, fields: Mapping[str, str]) -> Self:
        """Read the facts from a ``warcinfo`` record's fields; all are "" in a foreign WARC."""
        return cls(
            id=fields.get("isPartOf", ""),
            name=fields.get("morestories-portal-name", ""),
            home=fields.get("morestories-home", ""),
            timezone=fields.get("morestories-timezone", ""),
            language=fields.get("morestories-language", ""),
        )
