"""What to fetch next, and what happened to every URL."""

from crawler.frontier.store import Frontier
from crawler.frontier.values import Claim, Offer, Outcome, Pending, Settled

__all__ = ["Claim", "Frontier", "Offer", "Outcome", "Pending", "Settled"]
