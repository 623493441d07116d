"""How fast each host of a run is asked: the portal's delay, robots.txt's, and what a slow host needs."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from crawler.frontier import Frontier
from crawler.frontier.values import clock_of
from crawler.politeness import adapted


class Paces:
    """The pace of every host, told to the frontier, whose clock holds it for all workers.

    ``delay`` is the portal's, in seconds between two requests.
    """

    def __init__(self, frontier: Frontier, delay: float) -> None:
        self._frontier = frontier
        self._delay = delay
        self._asked: dict[str, dict[str, float]] = {}  # host: by origin, what its robots.txt asks
        self._now: dict[str, tuple[float, float]] = {}  # host: floor and delay now

    def meet(self, hosts: Iterable[str]) -> None:
        """Give hosts that are new to this run the portal's delay."""
        for host in {clock_of(host) for host in hosts} - self._now.keys():
            self._now[host] = (self._delay, self._delay)
            self._frontier.pace(host, self._delay, at_least=True)

    def heed(self, origin: str, delay: float) -> None:
        """Obey the Crawl-delay of an origin's robots.txt, 0 if it names none.

        Where http and https, or a name with and without ``www.``, ask for different delays of one
        host, the longest counts.
        """
        host = clock_of(urlsplit(origin).hostname or "")
        asked = self._asked.setdefault(host, {})
        asked[origin] = max(self._delay, delay)
        floor = max(asked.values())
        self._now[host] = (floor, floor)
        self._frontier.pace(host, floor)

    def adapt(self, host: str, latency: float) -> None:
        """Slow down with a host that answers slowly; small changes are not worth a write."""
        floor, delay = self._now.get(host, (self._delay, self._delay))
        new = adapted(delay, floor, latency)
        self._now[host] = (floor, new)
        if abs(new - delay) > 0.1 * floor:
            self._frontier.pace(host, new)

    def turn(self, host: str) -> float:
        """Take the next free moment of a host's clock; return the seconds until it comes."""
        now = self._frontier.now()
        return self._frontier.turn(host, now) - now

    def leaves(self, host: str) -> None:
        """Note that a request to ``host`` leaves now; a host without a pace is spared the write."""
        floor, _ = self._now.get(clock_of(host), (self._delay, 0.0))
        if floor:
            self._frontier.leaves(host, self._frontier.now())
