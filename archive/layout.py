"""What a portal's pages say of each other: what was seen on one page, and what many teach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of a body as the general reader kept it; texts and places are 63-bit digests.

    ``said`` is its whole text, ``lead`` that of the anchor that the line begins with (0: none), ``opening`` its first
    six words, ``place`` the path of elements down to it. ``ended`` says that it ends a sentence.
    """

    said: int
    lead: int
    opening: int
    place: int
    size: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What one story's page adds to the evidence.

    ``skeleton`` is the path of elements down to its headline: pages of one layout share it.
    ``root`` is the digest of the path down to what held the body; 0 for the whole page. Where the
    general reader found next to no text, the last three are empty.
    ``title`` and ``openings`` are what other pages may print of this story: its headline, and the
    first words of headline, description and text. ``lines`` is the body without any evidence.
    """

    skeleton: str
    root: int
    title: int
    openings: tuple[int, ...]
    lines: tuple[Seen, ...]


class Rule(StrEnum):
    """Why evidence says that a line is not the story's."""

    REPEATED = "repeated"  # the same long line in most stories
    LABEL = "label"  # the same short line in many stories, beside lines that go
    PLACE = "place"  # it stands where other stories' lines stand


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing learned: lines with the digest ``key`` (a text's, or a place's) are furniture.

    ``stories`` is how many different ones showed it, the first and last in captures of these times.
    ``example`` is the id of a capture that shows it.
    """

    rule: Rule
    key: int
    stories: int
    first: datetime
    last: datetime
    example: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What was learned of pages of one skeleton.

    ``root`` is the digest of the path to what held nearly all bodies (0: none did), ``places``
    those of the paths down to their lines.
    ``stories`` stories taught it, captured from ``first`` to ``last``; ``examples`` are ids of
    captures. ``teasing`` of them show headlines of other stories among their own lines, and end
    with ``tail`` lines of such cards (0: not at the end). ``most`` is how many cards a page has.

    ``titles`` and ``openings`` are other stories' words that one page shows (digests): they come
    from the page's portal and are filled in for that page alone.
    """

    skeleton: str
    stories: int
    first: datetime
    last: datetime
    examples: tuple[int, ...] = ()
    root: int = 0
    places: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    teasing: int = 0
    tail: int = 0
    most: int = 0
    titles: frozenset[int] = frozenset()
    openings: frozenset[int] = frozenset()

    def keys(self, rule: Rule) -> frozenset[int]:
        """Return the digests that ``rule`` marks."""
        return frozenset(mark.key for mark in self.marks if mark.rule is rule)
