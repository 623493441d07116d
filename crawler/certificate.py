"""Would a browser accept a site's certificate? The crawl itself keeps pages either way."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

TIMEOUT = 10.0  # seconds


def examine(url: str) -> dict[str, str]:
    """Return ``{"until": …}`` or ``{"problem": …}`` of an https site; {} if it says nothing now.

    ``until`` is an ISO date. A host that cannot be reached is the crawl's to tell, not a
    certificate's.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return {}
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), TIMEOUT) as plain,
            ssl.create_default_context().wrap_socket(
                plain, server_hostname=parts.hostname
            ) as secure,
        ):
            known = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return {"problem": error.verify_message}
    except OSError:  # also ssl.SSLError: no connection comes about, which the crawl counts
        return {}
    ends = ssl.cert_time_to_seconds(str(known["notAfter"]))
    return {"until": f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d}"}
