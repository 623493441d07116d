"""What a crawl would fetch first, and why, without asking anybody."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
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


def next_due(portal: str, archive: Path, frontier: str = "") -> datetime | None:
    """Return when something of a portal is due next, in UTC; see ``Frontier.next_due``.

    A time that has passed means now. None: nothing is known of the portal, so it was never
    crawled, or nothing is to be asked for again.
    """
    if not frontier and not (archive / "frontier.sqlite").exists():
        return None
    with closing(Frontier(frontier_url(archive, frontier))) as store:
        return store.next_due(portal)


def plan(
    portal: Declaration, archive: Path, frontier: str, *, due_only: bool = False
) -> list[dict[str, str]]:
    """Return the addresses that a run at this moment begins with, in its order.

    The moment is the frontier's own: on PostgreSQL the database's time, whatever this machine's.

    Each has ``portal``, ``url``, ``kind`` and ``why``. What they lead to cannot be known before.
    With ``due_only``, what the portal's file names counts only if it is due or was never met.
    """
    offers = list(Scope(portal).offers(seeds(portal), via="", hops=0))
    named = {offer.key for offer in offers}
    rows = [
        _row(portal.id, offer.url, offer.kind, "named by the portal's file") for offer in offers
    ]
    if not frontier and not (archive / "frontier.sqlite").exists():
        return rows
    with closing(Frontier(frontier_url(archive, frontier))) as store:
        if due_only:
            fresh = [
                offer
                for offer in offers
                if not any(row["portal"] == portal.id for row in store.why(offer.url, offer.key))
            ]
            named = {offer.key for offer in fresh}
            rows = [row for row in rows if row["url"] in {offer.url for offer in fresh}]
        found = store.due(portal.id, store.now())
        due = [claim for claim in found if key_of(claim.url) not in named]
    return rows + [_row(portal.id, claim.url, claim.kind, _why(claim)) for claim in due]


def _row(portal: str, url: str, kind: LinkKind, why: str) -> dict[str, str]:
    return {"portal": portal, "url": url, "kind": str(kind), "why": why}


def _why(claim: Claim) -> str:
    """Say why a URL is due; a claim's ``attempts`` counts the try that is to come."""
    if claim.visits and claim.pulse.every:
        return f"read {claim.visits} times, every {claim.pulse.every / 60:.0f} min"
    if claim.visits:
        return f"seen {claim.visits} times, due again"
    return "found, not fetched yet" if claim.attempts == 1 else f"try {claim.attempts}"
