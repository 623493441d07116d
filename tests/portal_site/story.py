"""A story of the demo portal: the truth that a crawl of it is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reach(StrEnum):
    """By which way alone a story can be reached; most are linked everywhere."""

    EVERYWHERE = "everywhere"
    FEED = "feed"  # only in a feed's second page or later
    SITEMAP = "sitemap"
    PAGINATION = "pagination"  # only in a section's second page or later
    MORE_STORIES = "more_stories"  # only in one other story's More Stories block
    ADJACENT = "adjacent"  # only as previous or next story
    BODY = "body"  # only from the text of one other story


@dataclass(frozen=True, slots=True)
class Story:
    """What the portal published, as a reader sees it.

    ``path`` is the address's path as the portal links it (percent-encoded). ``paragraphs`` is
    the whole body in order, over all ``pages`` of a multi-page post. ``published`` and
    ``modified`` have +05:30. ``more_stories`` are the ids of the three stories in its block.
    """

    id: int
    path: str
    title: str
    paragraphs: tuple[str, ...]
    author: str
    author_slug: str
    section: str
    section_slug: str
    tags: tuple[str, ...]
    published: datetime
    modified: datetime
    dateline: str
    reach: Reach = Reach.EVERYWHERE
    more_stories: tuple[int, ...] = ()
    linked: tuple[int, ...] = ()  # stories linked from the text
    pages: int = 1
    gallery: bool = False
    amp: bool = False
    url: str = field(default="", compare=False)

    @property
    def slug(self) -> str:
        """Return the last part of the path."""
        return self.path.strip("/").rpartition("/")[2]
