"""What an answer says of itself: how it ended, where it leads, and how to ask for it again."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.python.failure import Failure

from crawler.frontier import Claim, Outcome
from crawler.politeness import Refused

OUTCOMES: tuple[tuple[type[BaseException], Outcome], ...] = (
    (DownloadTimeoutError, Outcome.TIMEOUT),
    (TimeoutError, Outcome.TIMEOUT),
    (DownloadConnectionRefusedError, Outcome.UNREACHABLE),
    (CannotResolveHostError, Outcome.UNREACHABLE),
    (DNSLookupError, Outcome.UNREACHABLE),
    (ConnectError, Outcome.UNREACHABLE),
    (DownloadCancelledError, Outcome.TOO_LARGE),
    (IgnoreRequest, Outcome.TOO_LARGE),  # Scrapy's word for a body that unpacks without end
    (ResponseDataLossError, Outcome.DISCONNECT),
    (DownloadFailedError, Outcome.DISCONNECT),
)


def outcome_of(failure: Failure) -> Outcome:
    """Name the cause of a fetch that got no answer, or only part of one."""
    error = failure.value
    if isinstance(error, Refused):
        return error.outcome
    if any(word in str(error) for word in ("SSL routines", "OpenSSL", "certificate")):
        return Outcome.TLS
    return next((name for kind, name in OUTCOMES if isinstance(error, kind)), Outcome.ERROR)


def told_validators(response: Response, claim: Claim) -> tuple[str, str]:
    """Return the ETag and the Last-Modified to come back with.

    A server that answers 200 with the same bytes to a request with both does not know its own
    ETag again (it is made of an inode, or nginx weakened it): the date alone is tried then.
    """
    keep = response.status == 304
    etag = header(response, b"ETag") or (claim.etag if keep else "")
    modified = header(response, b"Last-Modified") or (claim.last_modified if keep else "")
    request = response.request
    unknown = request is not None and b"If-None-Match" in request.headers
    same = response.status == 200 and bool(response.meta.get("same_payload"))
    if (unknown and same and modified) or (keep and not claim.etag):
        etag = ""
    return etag, modified


def said_location(header: bytes) -> str:
    """Return a Location's address: many sites send a Hindi slug as raw UTF-8."""
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError:
        return header.decode("latin-1")


def header(response: Response, name: bytes) -> str:
    value = response.headers.get(name)
    return value.decode("latin-1").replace("\0", "") if value else ""
