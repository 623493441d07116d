"""The history of a story, worked out from all its sightings; no I/O, and no order of landing.

A *revision* lasts from the capture that first showed it to the capture before the next one. A
story on several pages has a slot a page (0 is the first page), and its revision is the state of
all slots. Two things are no edits: a page that is seen for the first time (it belonged to the
story all along), and a second page whose change the same crawl comes upon a moment later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Sighting:
    """One capture that showed one page of a story.

    ``read`` is the capture whose payload was read: itself, or the original of a revisit.
    ``text`` is the SHA-256 of the title and body that it showed.
    """

    captured: datetime
    capture: int
    slot: int
    text: str
    read: int
    crawl: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """A story as it stood: ``texts`` by slot, in order, and the sighting that first showed it."""

    first: Sighting
    texts: tuple[tuple[int, str], ...]


@dataclass
class _State:
    first: Sighting
    texts: dict[int, str]
    changed: set[int] = field(default_factory=set)

    def frozen(self) -> Revision:
        return Revision(self.first, tuple(sorted(self.texts.items())))


def revisions(sightings: Iterable[Sighting]) -> list[Revision]:
    """Return the revisions that ``sightings`` show, oldest first; any order gives the same."""
    seen = sorted(sightings)
    if not seen:
        return []
    texts: dict[int, str] = {}
    for sighting in seen:
        texts.setdefault(sighting.slot, sighting.text)
    states = [_State(seen[0], texts, set(texts))]
    for sighting in seen[1:]:
        now = states[-1]
        if sighting.text == now.texts[sighting.slot]:
            continue
        if sighting.crawl == now.first.crawl and sighting.slot not in now.changed:
            now.texts[sighting.slot] = sighting.text
            now.changed.add(sighting.slot)
        else:
            texts = {**now.texts, sighting.slot: sighting.text}
            states.append(_State(sighting, texts, {sighting.slot}))
    return [state.frozen() for state in states]


@dataclass(frozen=True, slots=True)
class Claim:
    """A page that says: ``page`` is the further page number ``position`` of ``article``."""

    article: int
    url: str
    page: int
    page_url: str
    position: int


@dataclass(frozen=True, slots=True)
class Group:
    """A story and its further pages, in order."""

    root: int
    pages: tuple[int, ...] = ()

    @property
    def members(self) -> tuple[int, ...]:
        return (self.root, *self.pages)


def groups(wanted: Iterable[int], claims: Iterable[Claim], read: frozenset[int]) -> list[Group]:
    """Return the stories that ``wanted`` ids belong to, with their further pages.

    Pages that name each other form one story. The shortest address among those that were
    ``read`` is its first page; the others follow in the order in which it names them, then by
    address. Ids that nothing claims are stories of their own.
    """
    urls: dict[int, str] = {}
    joined: dict[int, set[int]] = {}
    positions: dict[tuple[int, int], int] = {}
    for claim in claims:
        urls.setdefault(claim.article, claim.url)
        urls.setdefault(claim.page, claim.page_url)
        joined.setdefault(claim.article, set()).add(claim.page)
        joined.setdefault(claim.page, set()).add(claim.article)
        key = (claim.article, claim.page)
        positions[key] = min(claim.position, positions.get(key, claim.position))
    made, done = [], set()
    for start in wanted:
        if start in done:
            continue
        members = _reachable(start, joined)
        done |= members
        present = [m for m in members if m in read] or list(members)
        root = min(present, key=lambda m: (len(urls.get(m, "")), urls.get(m, ""), m))
        others = sorted(
            members - {root},
            key=lambda m: (positions.get((root, m), 1 << 30), len(urls[m]), urls[m]),
        )
        made.append(Group(root, tuple(others)))
    return made


def _reachable(start: int, joined: dict[int, set[int]]) -> set[int]:
    found, todo = {start}, [start]
    while todo:
        for other in joined.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found
