"""Where a link of a captured page leads inside the replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urljoin

WEB: Final = "/web/"
SERVER: Final = "http://127.0.0.1:8089"
"""Where ``morestories replay`` listens unless told otherwise: what printed links lead to."""

Modifier = Literal["", "id_", "mp_", "im_", "cs_"]
"""As other replayers spell it: "" the page in its frame, ``id_`` as captured, ``mp_`` a page,
``cs_`` a style sheet, ``im_`` anything else that a page needs."""

_FETCHED: Final = ("http://", "https://")
_KEPT: Final = ("data:", "about:", "mailto:", "tel:", "blob:", "#")
_SPACE: Final = str.maketrans("", "", "\t\r\n")  # browsers drop them from an address (WHATWG URL)


def replay_path(url: str, timestamp: str, modifier: Modifier = "") -> str:
    """Return the path on the replay server of what ``url`` was at ``timestamp`` (14 digits)."""
    return f"{WEB}{timestamp}{modifier}/{url}"


# Columns that say when an answer's url was captured, the most telling first.
_WHEN: Final = ("captured", "last_captured", "first_captured", "gone", "last_tried")


def link_column(columns: Sequence[str]) -> str | None:
    """Return SQL for the replay link of a row with these columns; None if it names no ``url``.

    Without a time among them the link leads to the newest capture.
    """
    if "url" not in columns:
        return None
    when = next((name for name in _WHEN if name in columns), None)
    stamp = (
        f"coalesce(strftime(\"{when}\"::TIMESTAMPTZ, '%Y%m%d%H%M%S') || '/', '')" if when else "''"
    )
    return f"'{SERVER}{WEB}' || {stamp} || url"


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one page, captured at ``timestamp`` from ``base`` (or with that base element)."""

    base: str
    timestamp: str

    def within(self, base: str) -> Links:
        """Return the links of a page that names ``base`` as its base; one that is broken is none."""
        try:
            return replace(self, base=urljoin(self.base, base.strip().translate(_SPACE)))
        except ValueError:  # an address such as http://[
            return self

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
