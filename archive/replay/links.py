"""Where a link of a captured page leads inside the replay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urljoin

WEB: Final = "/web/"

Modifier = Literal["", "id_", "mp_", "im_", "cs_"]
"""As other replayers spell it: "" the page in its frame, ``id_`` as captured, ``mp_`` a page,
``cs_`` a style sheet, ``im_`` anything else that a page needs."""

_FETCHED: Final = ("http://", "https://")
_KEPT: Final = ("data:", "about:", "mailto:", "tel:", "blob:", "#")
_SPACE: Final = str.maketrans("", "", "\t\r\n")  # browsers drop them from an address (WHATWG URL)


def replay_path(url: str, timestamp: str, modifier: Modifier = "") -> str:
    """Return the path on the replay server of what ``url`` was at ``timestamp`` (14 digits)."""
    return f"{WEB}{timestamp}{modifier}/{url}"


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one page, captured at ``timestamp`` from ``base`` (or with that base element)."""

    base: str
    timestamp: str

    def within(self, base: str) -> Links:
        """Return the links of a page that names ``base`` as its base."""
        return replace(self, base=urljoin(self.base, base.strip().translate(_SPACE)))

    def to(self, link: str, modifier: Modifier) -> str | None:
        """Return where ``link`` leads, itself if nothing is fetched by it, None if it may not be.

        >>> Links("https://khabar.test/a/", "20261124120000").to("../b.png", "im_")
        '/web/20261124120000im_/https://khabar.test/b.png'
        """
        link = link.strip().translate(_SPACE)
        if not link or link.lower().startswith(_KEPT):
            return link
        try:
            target = urljoin(self.base, link)
        except ValueError:  # an address such as http://[x
            return None
        if not target.lower().startswith(_FETCHED):
            return None
        return replay_path(target, self.timestamp, modifier)
