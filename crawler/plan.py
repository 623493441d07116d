"""What a crawl would fetch first, and why, without asking anybody."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from archive.link import Link, LinkKind
from archive.links.rest import posts_url
from crawler.frontier import Claim, Frontier
from crawler.portal import Declaration
from crawler.scope import Scope, key_of


def seeds(portal: Declaration) -> list[Link]:
    """Return what a portal's file names, to be fetched at the start of every run."""
    links = [Link(portal.home, LinkKind.SEED)]
    links += [Link(url, LinkKind.FEED) for url in portal.feeds]
    links += [Link(url, LinkKind.SITEMAP) for url in portal.sitemaps]
    links += [Link(url, LinkKind.SECTION) for url in portal.sections]
    if portal.rest:
        links.append(Link(posts_url(portal.rest), LinkKind.REST))
    return links


def frontier_url(archive: Path, frontier: str = "") -> str:
    """Return the SQLAlchemy URL of an archive's frontier, or the one that was named."""
    return frontier or f"sqlite:///{archive / 'frontier.sqlite'}"


def plan(portal: Declaration, archive: Path, frontier: str, now: float) -> list[dict[str, str]]:
    """Return the addresses that a run at ``now`` (epoch seconds) begins with, in its order.

    Each has ``portal``, ``url``, ``kind`` and ``why``. What they lead to cannot be known before.
    """
    offers = list(Scope(portal).offers(seeds(portal), via="", hops=0))
    named = {offer.key for offer in offers}
    rows = [
        _row(portal.id, offer.url, offer.kind, "named by the portal's file") for offer in offers
    ]
    if not frontier and not (archive / "frontier.sqlite").exists():
        return rows
    with closing(Frontier(frontier_url(archive, frontier))) as store:
        due = [claim for claim in store.due(portal.id, now) if key_of(claim.url) not in named]
    return rows + [_row(portal.id, claim.url, claim.kind, _why(claim)) for claim in due]


def _row(portal: str, url: str, kind: LinkKind, why: str) -> dict[str, str]:
    return {"portal": portal, "url": url, "kind": str(kind), "why": why}


def _why(claim: Claim) -> str:
    """Say why a URL is due; a claim's ``attempts`` counts the try that is to come."""
    if claim.visits:
        return f"seen {claim.visits} times, due again"
    return "found, not fetched yet" if claim.attempts == 1 else f"try {claim.attempts}"
