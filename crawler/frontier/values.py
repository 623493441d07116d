"""The values that go into the frontier and come out of it. Times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archive.link import LinkKind
from crawler.recrawl import NO_PULSE, Pulse

CRASHES = 4  # workers in a row that died with a URL in their hands: it is given up
SUSPECT = 2  # after this many it is fetched alone, so that no other is taken for the cause


def clock_of(host: str) -> str:
    """Return the name under which a host is paced: with and without ``www.`` it is one server.

    >>> clock_of("www.a.example."), clock_of("a.example"), clock_of("news.a.example")
    ('a.example', 'a.example', 'news.a.example')
    """
    return host.lower().rstrip(".").removeprefix("www.")


class State(StrEnum):
    """Where a URL stands."""

    QUEUED = "queued"  # to be fetched at ``due``
    CLAIMED = "claimed"  # a worker holds it until its lease ends
    DONE = "done"  # its capture is durable; ``due`` says when to come back, if at all
    FAILED = "failed"  # given up for this run, for the reason in ``outcome``; see ``due``
    SKIPPED = "skipped"  # never fetched, for the reason in ``outcome``


class Outcome(StrEnum):
    """How a fetch ended, beside the HTTP status codes that stand as their digits."""

    TIMEOUT = "timeout"
    DNS = "dns"  # the host's name is not known
    UNREACHABLE = "unreachable"  # refused, no route
    DISCONNECT = "disconnect"  # reset, or shorter than it said
    TLS = "tls"
    TOO_LARGE = "too_large"
    ROBOTS = "robots"  # robots.txt forbids it
    ROBOTS_UNREACHABLE = "robots_unreachable"  # robots.txt could not be had: not now (RFC 9309)
    PRIVATE_ADDRESS = "private_address"
    WORKER_DIED = "worker_died"  # with the URL in its hands, CRASHES times in a row
    ERROR = "error"  # anything else; the log has it


@dataclass(frozen=True, slots=True)
class Offer:
    """A URL that somebody points to, cleaned and judged.

    ``key`` is what makes two URLs one. ``priority``: lower is fetched sooner. ``listing`` tells
    a page that is read for its links from one that is read for its text. ``reason`` is set when
    the URL is not to be fetched and says why. ``again`` asks for a fetch now even if it was
    fetched before; ``changed`` does so only if it was last fetched before that time.
    """

    url: str
    key: str
    host: str
    kind: LinkKind
    via: str = ""
    hops: int = 0
    priority: int = 5
    listing: bool = False
    reason: str = ""
    again: bool = False
    changed: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A URL that this worker may fetch until its lease ends.

    ``token`` fences: what is said of the URL counts only while the row still carries it.
    ``host`` is the name of the clock that paces it (:func:`clock_of`). ``visits`` counts earlier
    captures, ``fetched`` is when the last was made, ``outcome`` is how the last try ended, ``died`` counts the workers in a row that died
    with it. ``etag`` and ``last_modified`` are the validators of the last one, as sent.
    ``pulse`` is how a listing changes.
    """

    id: int
    token: int
    portal: str
    url: str
    host: str
    kind: LinkKind
    via: str
    hops: int
    priority: int
    listing: bool
    attempts: int
    visits: int
    first_fetched: float | None
    etag: str
    last_modified: str
    outcome: str = ""
    died: int = 0
    fetched: float | None = None
    pulse: Pulse = NO_PULSE


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a claim, to be written once its capture is durable.

    ``outcome`` is an HTTP status or an :class:`Outcome`. ``due`` is when to fetch again, None
    for never. ``state`` QUEUED gives the URL back for a later try; ``url`` then is the spelling to
    ask for, "" for the one that was asked for. A SKIPPED one is judged anew if it is offered
    after ``due``. ``pulse`` is what a reading of a listing told, None to leave it as it is;
    ``listing`` is True for what turned out to be one.
    """

    claim: Claim
    state: State
    outcome: str
    fetched: float | None = None
    due: float | None = None
    etag: str = ""
    last_modified: str = ""
    url: str = ""
    pulse: Pulse | None = None
    listing: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """What is left to do for a portal: ``due`` now, ``waiting`` for a later try, ``claimed`` by
    other workers; ``next_at`` is the earliest time at which something can be claimed."""

    due: int
    waiting: int
    claimed: int
    next_at: float | None

    @property
    def total(self) -> int:
        return self.due + self.waiting + self.claimed
