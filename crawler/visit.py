"""A short visit to a site: a handful of polite requests, for looking before a crawl.

Nothing fetched here is kept; the crawl's own requests go through ``crawler.wire``.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from w3lib.url import safe_url_string

from archive.links.listed import absolute
from archive.links.xml import unpacked
from crawler.addresses import is_private
from crawler.naming import ascii_host
from crawler.politeness import Rules, read_robots

MAX_REQUESTS = 15  # a visit, redirects and robots.txt included
MAX_BYTES = 5_000_000  # of one body, unpacked
MAX_REDIRECTS = 5
MAX_PAUSE = 10.0  # seconds; a longer Crawl-delay is for the crawl, not for ten requests

Failure = Literal["", "unreachable", "robots", "private", "limit", "address"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer, after redirects.

    ``url`` is where it came from. ``failure`` says why there is no answer (``status`` is then 0),
    ``problem`` the same in words. ``headers`` have lower-case names; ``body`` is unpacked.
    """

    url: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failure: Failure = ""
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether the server answered 200."""
        return self.status == 200

    def header(self, name: str) -> str:
        """Return a header's first value, "" if it was not sent."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(slots=True)
class Visitor:
    """Fetches a few pages of a site: robots.txt obeyed, ``delay`` seconds between requests.

    ``private`` are the hosts that may be on a private or loopback address.
    """

    agent: str
    delay: float = 1.0
    private: frozenset[str] = frozenset()
    timeout: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    requests: int = 0
    _rules: dict[str, Rules | Fetched] = field(default_factory=dict)

    def get(self, url: str) -> Fetched:
        """Fetch ``url``, redirects followed. Never raises for what a site does."""
        for _ in range(MAX_REDIRECTS + 1):
            rules = self.robots(url)
            if isinstance(rules, Fetched):
                return rules
            if not rules.allows(url):
                why = "forbids it" if rules.rules else f"answered {rules.status}"
                return Fetched(url, failure="robots", problem=f"{_origin(url)}/robots.txt {why}")
            answer = self._ask(url, rules.delay)
            target = answer.header("location")
            if not (300 <= answer.status < 400 and target):
                return answer
            if not (following := absolute(url, _utf8(target))):
                said = f"leads to {target[:100]!r}, which is no web address"
                return Fetched(url, failure="address", problem=said)
            url = following
        return Fetched(url, failure="address", problem="redirects in a circle")

    def robots(self, url: str) -> Rules | Fetched:
        """Return the rules of the origin of ``url``, or the failure to have them."""
        origin = _origin(url)
        if origin not in self._rules:
            at = origin + "/robots.txt"
            for _ in range(MAX_REDIRECTS + 1):
                answer = self._ask(at, 0.0)
                target = answer.header("location")
                if not (300 <= answer.status < 400 and target):
                    break
                at = absolute(at, _utf8(target)) or at
            self._rules[origin] = (
                answer if answer.failure else read_robots(answer.status, answer.body, time.time())
            )
        return self._rules[origin]

    def _ask(self, url: str, crawl_delay: float) -> Fetched:
        if self.requests >= MAX_REQUESTS:
            return Fetched(url, failure="limit", problem=f"{MAX_REQUESTS} requests are enough")
        if self.requests:
            self.sleep(max(self.delay, min(crawl_delay, MAX_PAUSE)))
        self.requests += 1
        return fetch(url, agent=self.agent, private=self.private, timeout=self.timeout)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _utf8(location: str) -> str:
    """Undo http.client's reading of heads as latin-1: sites send Hindi slugs as raw UTF-8."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except ValueError:
        return location


def fetch(
    url: str,
    *,
    agent: str,
    private: frozenset[str] = frozenset(),
    timeout: float = 10.0,
    max_bytes: int = MAX_BYTES,
) -> Fetched:
    """Make one GET request, redirects not followed; at most ``timeout`` seconds in all.

    The address that is connected to is the one that was checked. At most ``max_bytes`` of the
    body are read. Never raises for what a site does.
    """
    try:
        return _exchange(url, agent, private, timeout, max_bytes)
    except _Private as error:
        return Fetched(url, failure="private", problem=str(error))
    except socket.gaierror:
        return Fetched(url, failure="unreachable", problem="its name is not known (DNS)")
    except ssl.SSLError as error:
        said = getattr(error, "verify_message", "") or error.reason or str(error)
        return Fetched(url, failure="unreachable", problem=f"no safe connection (TLS): {said}")
    except TimeoutError:
        return Fetched(url, failure="unreachable", problem=f"no answer within {timeout:g} s")
    except (ValueError, http.client.InvalidURL) as error:
        return Fetched(url, failure="address", problem=f"no web address: {error}")
    except (OSError, http.client.HTTPException) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Fetched(url, failure="unreachable", problem=said)


class _Private(Exception):
    """The host is on an address that is not public."""


def _exchange(
    url: str, agent: str, private: frozenset[str], timeout: float, max_bytes: int
) -> Fetched:
    parts = urlsplit(safe_url_string(url))
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{url[:100]!r} is not http(s)")
    host = ascii_host(parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sock = socket.create_connection((_address(host, port, private), port), timeout)
    # The socket's own timeout starts anew with every byte; a drip must not hold us.
    expired = threading.Event()
    deadline = threading.Timer(timeout, _cut, [sock, expired])
    deadline.daemon = True
    deadline.start()
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        connection.sock = sock
        headers = {"Host": parts.netloc, "User-Agent": agent, "Accept-Encoding": "gzip"}
        connection.request(
            "GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers
        )
        answer = _answer(url, connection.getresponse(), max_bytes)
    except (OSError, http.client.HTTPException) as error:
        if expired.is_set():
            raise TimeoutError from error
        raise
    else:
        if expired.is_set():  # half a robots.txt must not pass for a whole one
            raise TimeoutError
        return answer
    finally:
        deadline.cancel()
        connection.close()
        sock.close()


def _cut(sock: socket.socket, expired: threading.Event) -> None:
    expired.set()
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was closed meanwhile


def _address(host: str, port: int, private: frozenset[str]) -> str:
    """Resolve ``host`` to one address; every address it has must be public."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if host not in private and is_private(address):
            raise _Private(f"{host} is the private address {address}")
    return found[0]


def _answer(url: str, response: http.client.HTTPResponse, max_bytes: int) -> Fetched:
    headers = tuple((name.lower(), value) for name, value in response.getheaders())
    try:
        body = response.read(max_bytes)
    except http.client.IncompleteRead as error:
        body = error.partial
    if "gzip" in (response.getheader("Content-Encoding") or "").lower():
        body, _ = unpacked(body, max_bytes)
    return Fetched(url, response.status, headers, body)


def resolves_to_private(host: str) -> bool:
    """Tell whether ``host`` is on a private or loopback address; False if it cannot be found."""
    try:
        _address(host, 80, frozenset())
    except _Private:
        return True
    except (OSError, ValueError):
        return False
    return False
