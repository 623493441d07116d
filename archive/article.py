"""An article: what was read out of one capture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from archive.link import Link


class PageType(StrEnum):
    """What kind of page was read. Only a STORY becomes rows in ``articles`` and ``revisions``."""

    STORY = "story"
    LISTING = "listing"
    LOCKED = "locked"  # password-protected or paywalled: the text is not there
    GALLERY = "gallery"  # photo only
    VIDEO = "video"  # video only
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as a page printed it.

    ``at`` is aware (UTC). ``precision`` says how much of it the page told: a ``day`` has no
    clock time of its own (``at`` is then that day's midnight in the portal's zone), a ``month``
    is never a day. ``offset`` is the zone's minutes east of UTC that were used. ``source`` is the
    rule that found it, ``text`` the characters it was read from.
    """

    at: datetime
    precision: Literal["second", "minute", "day", "month"]
    offset: int
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """What one page says, as it was printed.

    ``text`` is the body as extracted, one paragraph a line, nothing normalized. ``authors`` as
    printed. ``language`` is a BCP 47 tag or "". ``links`` are all links of the page with their
    kinds, each URL and kind once, in document order. ``pages`` are the addresses of the further pages of a
    multi-page post, in order. ``rules`` names, for each field, the rule that won.
    """

    url: str
    page_type: PageType
    title: str
    text: str
    authors: tuple[str, ...] = ()
    published: Moment | None = None
    modified: Moment | None = None
    section: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    description: str = ""
    language: str = ""
    dateline: str = ""
    canonical_url: str = ""
    pages: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    reader: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
