"""How far a run pages through the portal's listings, and when it has read enough of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archive.link import Link, LinkKind
from archive.links.listed import Listing
from crawler.frontier import Claim

FEW_STORIES = 3  # fewer may well be the same on two pages: a story's "More Stories"
STORY_KINDS = (LinkKind.SECTION, LinkKind.MORE_STORIES, LinkKind.BODY)
# A sitemap of what WordPress calls posts, by its core's and by the usual plugins' names.
POSTS = re.compile(
    r"sitemap-posts-(?!page)|/(?!page-|author-|category-|post_tag-)[\w-]+-sitemap\d*\.xml"
)


@dataclass(frozen=True, slots=True)
class Held:
    """Links that were not offered because WordPress's REST had said it all."""

    links: tuple[Link, ...]
    via: str
    hops: int
    again: bool


class Walk:
    """What one run has learned of the portal's listings.

    WordPress's REST names every public post: once it has been read to its end, the other listings,
    which say the same ten at a time, go on only while they say something new. Plugins and themes
    can hide posts from it, though. So what is left out is held, and :meth:`doubt` gives it back when
    a feed or a sitemap of posts names a story that REST did not.
    """

    def __init__(self, *, full: bool) -> None:
        self._full = full
        self._seen: set[int] = set()  # hashes of the sets of stories that pages pointed to
        self._answers = False  # REST names posts to everybody
        self._ended = False  # it has been read to its end, as it is on a first run
        self._doubted = False
        self._held: list[Held] = []

    def goes_on(self, claim: Claim) -> bool:
        """Tell whether a listing is walked to its end, whether or not it says something new."""
        return self._full or (claim.visits == 0 and not self.told_all)

    @property
    def told_all(self) -> bool:
        """Whether REST has named every story there is, as far as is known."""
        return self._ended and not self._doubted

    @property
    def tells(self) -> bool:
        """Whether REST names the stories: it has begun to, and nothing speaks against it."""
        return self._answers and not self._doubted

    def read_rest(self, listing: Listing) -> None:
        """Take a page of REST's list of posts."""
        if listing.links and not listing.problem:
            self._answers = True
            self._ended = self._ended or not listing.next

    def hold(self, links: Iterable[Link], *, via: str, hops: int, again: bool = False) -> None:
        """Keep links that are left out because REST tells; nothing is kept in other cases."""
        if self.tells and (kept := tuple(links)):
            self._held.append(Held(kept, via, hops, again))

    def doubt(self, claim: Claim, new: int) -> list[Held]:
        """Return what was held, if a listing of posts just named ``new`` that REST did not."""
        posts = claim.kind is LinkKind.FEED or POSTS.search(claim.url)
        if not (new and posts and self.told_all):
            return []
        self._doubted = True
        held, self._held = self._held, []
        return held

    def was_listed(self, links: Iterable[Link]) -> bool:
        """Tell whether a listing points to the very stories that another page of this run did.

        So /page/20140/ ends on a site that answers any number with its newest stories.
        """
        stories = frozenset(link.url for link in links if link.kind in STORY_KINDS)
        if len(stories) < FEW_STORIES:
            return False
        known = hash(stories) in self._seen
        self._seen.add(hash(stories))
        return known
