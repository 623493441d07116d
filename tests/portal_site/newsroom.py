"""What the portal has published, and who links to whom; it can be edited between two crawls."""

from __future__ import annotations

import random
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from tests.portal_site import words
from tests.portal_site.compose import EPOCH, compose, compose_one
from tests.portal_site.story import Reach, Story

# Of a hundred stories, how many have one way in only; all others are linked everywhere.
_ONLY = (
    (Reach.SITEMAP, 5),
    (Reach.MORE_STORIES, 5),
    (Reach.PAGINATION, 5),
    (Reach.FEED, 3),
    (Reach.ADJACENT, 3),
    (Reach.BODY, 2),
)
FRONT = 8  # stories on one page of a listing


class Newsroom:
    """All stories by id, with the addresses that have moved or gone; one lock guards changes."""

    def __init__(self, count: int, *, seed: str, home: str) -> None:
        self.home = home
        self.seed = seed
        self.lock = threading.RLock()
        self.stories: dict[int, Story] = {s.id: s for s in compose(count, seed=seed, home=home)}
        self._order = self._by_age()
        self.titles = {story.title for story in self.stories.values()}
        self.moved: dict[str, str] = {}
        self.gone: dict[str, int] = {}
        self.guests: dict[int, Story] = {}  # host's id -> the story that it alone names
        self.changes = 0
        self.design = ""  # one of classless.DESIGNS, in place of the two themes
        self.rest = False  # whether WordPress's REST listing is open to all
        self._hide()
        self._weave()

    def newest(self, chosen: Callable[[Story], bool] = lambda _: True) -> list[Story]:
        """Return the chosen stories, newest first."""
        with self.lock:
            return [s for s in map(self.stories.__getitem__, self._order) if chosen(s)]

    def listed(self, *ways: Reach) -> list[Story]:
        """Return the stories that are linked everywhere, and those with one of these ways only."""
        return self.newest(lambda story: story.reach in (Reach.EVERYWHERE, *ways))

    def known(self, numbers: Iterable[int]) -> list[Story]:
        """Return the stories of these ids that are still there."""
        with self.lock:
            return [self.stories[n] for n in numbers if n in self.stories]

    def at(self, path: str) -> Story | None:
        """Return the story at a path as it is linked."""
        with self.lock:
            return next((s for s in self.stories.values() if s.path == path), None)

    def named(self, slug: str) -> Story:
        """Return the story whose address ends in ``slug``; KeyError if there is none."""
        with self.lock:
            for story in self.stories.values():
                if slug in (story.slug, story.path, story.url):
                    return story
        raise KeyError(slug)

    def edit(self, slug: str, *, paragraph: str = "", title: str = "") -> Story:
        """Change a story as an editor would: a new last paragraph, a new title, a later date."""
        with self.lock:
            story = self.named(slug)
            changed = replace(
                story,
                title=title or story.title,
                paragraphs=(*story.paragraphs, paragraph or "ताजा जानकारी के लिए खबर अपडेट की गई है।"),
                modified=max(story.modified, EPOCH) + timedelta(hours=1),
            )
            return self._keep(changed)

    def delete(self, slug: str, status: int = 410) -> Story:
        """Take a story off the portal; its address answers ``status`` from now on."""
        with self.lock:
            story = self.stories.pop(self.named(slug).id)
            self._order.remove(story.id)
            self.gone[story.path] = status
            self._weave()
            return story

    def move(self, slug: str, new_slug: str = "") -> Story:
        """Give a story a new address; the old one redirects there."""
        with self.lock:
            story = self.named(slug)
            folder = story.path.rstrip("/").rpartition("/")[0]
            path = f"{folder}/{new_slug or f'{story.id}-naya-pata'}/"
            self.moved[story.path] = path
            return self._keep(replace(story, path=path, url=self.home.rstrip("/") + path))

    def add(self) -> Story:
        """Publish one more story, an hour after the newest."""
        with self.lock:
            at = max(EPOCH, *(s.published for s in self.stories.values())) + timedelta(hours=1)
            number = max((*self.stories, 0)) + 1
            story = compose_one(number, at, seed=self.seed, home=self.home, titles=self.titles)
            self.stories[number] = story
            self._order = self._by_age()
            self._weave()
            return self.stories[number]

    def redesign(self, design: str) -> None:
        """Show stories in one of ``classless.DESIGNS``; "" is the two themes again."""
        with self.lock:
            self.design = design
            self.changes += 1

    def neighbours(self, story: Story) -> tuple[Story | None, Story | None]:
        """Return the previous (older) and the next (newer) story, as a reader pages through."""
        line = self.listed(Reach.ADJACENT)[::-1]
        here = bisect_left(line, _age(story), key=_age)
        rest = line[here + 1 :] if here < len(line) and line[here] is story else line[here:]
        return (line[here - 1] if here else None, rest[0] if rest else None)

    def _keep(self, story: Story) -> Story:
        self.stories[story.id] = story
        self.changes += 1
        return story

    def _by_age(self) -> list[int]:
        return [s.id for s in sorted(self.stories.values(), key=_age, reverse=True)]

    def _hide(self) -> None:
        """Choose the stories that have one way in only, none of them on a front page."""
        old = [story.id for story in self.listed()[40:]]
        dice = random.Random(f"{self.seed}/hide")
        dice.shuffle(old)
        for way, percent in _ONLY:
            fit = [i for i in old if way is not Reach.PAGINATION or self._is_deep(i)]
            for chosen in fit[: len(self.stories) * percent // 100]:
                self.stories[chosen] = replace(self.stories[chosen], reach=way)
                old.remove(chosen)

    def _is_deep(self, number: int) -> bool:
        """Tell whether a story is past the first page of its section."""
        slug = self.stories[number].section_slug
        return number not in [s.id for s in self.listed() if s.section_slug == slug][: 2 * FRONT]

    def _weave(self) -> None:
        """Give every story its More Stories block, as the theme does, and its links in the text.

        The block shows the three newest of the section; a story that has no other way in takes
        the third place of one well-linked host.
        """
        self._find_hosts()
        open_stories = self.listed()
        front = {slug: _ids(open_stories, slug) for _, slug in words.SECTIONS}
        newest = [story.id for story in open_stories[:8]]
        for story in list(self.stories.values()):
            three = [i for i in (*front[story.section_slug], *newest) if i != story.id]
            three = list(dict.fromkeys(three))[:3]
            guest = self.guests.get(story.id)
            if guest and guest.reach is Reach.MORE_STORIES:
                three[2] = guest.id
            into = (guest.id,) if guest and guest.reach is Reach.BODY else ()
            self.stories[story.id] = replace(story, more_stories=tuple(three), linked=into)
        self.changes += 1

    def _find_hosts(self) -> None:
        """Give each story that only one other names a well-linked host, and keep it there."""
        self.guests = {
            host: self.stories[guest.id]
            for host, guest in self.guests.items()
            if host in self.stories and guest.id in self.stories
        }
        placed = {guest.id for guest in self.guests.values()}
        free = (s.id for s in self.listed()[20:] if s.id not in self.guests)
        for story in self.newest(lambda s: s.reach in (Reach.MORE_STORIES, Reach.BODY)):
            if story.id not in placed:
                self.guests[next(free)] = story


def _age(story: Story) -> tuple[float, int]:
    return (story.published.timestamp(), story.id)


def _ids(stories: Iterable[Story], section_slug: str) -> list[int]:
    return [story.id for story in stories if story.section_slug == section_slug][:4]
