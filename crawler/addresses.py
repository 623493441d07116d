"""Where no request may go: private, loopback and link-local addresses.

A portal's pages could otherwise make the crawler ask the archivist's own network. The check is on
the address that is connected to: the name is resolved here, and Scrapy's resolver keeps that
answer for the connection, so a second DNS answer cannot differ.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.defer import maybe_deferred_to_future

from crawler.frontier import Outcome
from crawler.politeness import Refused
from crawler.portal import Declaration


class AddressMiddleware:
    """Refuse a request whose host resolves to an address that is not public."""

    def __init__(self, portal: Declaration) -> None:
        self._allowed = set(portal.private_addresses)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> AddressMiddleware:
        return cls(crawler.settings["MORESTORIES_PORTAL"])

    async def process_request(self, request: Request) -> None:
        """Let the request through or raise ``Refused``; DNS errors are raised as they come."""
        from twisted.internet import reactor  # installed by Scrapy, only then importable

        host = urlsplit(request.url).hostname or ""
        if host in self._allowed:
            return
        address = host
        if ":" not in host:
            address = await maybe_deferred_to_future(reactor.resolve(host))  # type: ignore[arg-type]
        if is_private(address):
            raise Refused(
                Outcome.PRIVATE_ADDRESS,
                f"{host} is the private address {address}; name it in private_addresses to allow it",
            )


def is_private(address: str) -> bool:
    """Tell whether an IP address is not one of the public internet (loopback, RFC 1918, …).

    >>> [is_private(a) for a in ("127.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "8.8.8.8")]
    [True, True, True, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return not ip.is_global or ip.is_multicast
