"""Make of a recording the exchange that is kept: secrets out, reservations noted."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from archive.capture import About, Exchange, Truncated

if TYPE_CHECKING:
    from scrapy import Request

    from crawler.tls import Security
    from crawler.wire import Recording

_SECRET_HEADERS = frozenset({"cookie", "cookie2", "authorization", "proxy-authorization"})
# Everything up to the last @ of the authority: a password may hold one, an attacker's too.
# The authority is of a URL that stands alone, after a method or after a header's name.
_USERINFO = re.compile(r"^((?:\S+ )?[a-z][a-z0-9+.-]*://)[^/?#\s]*@", re.IGNORECASE)
_HOST_USERINFO = re.compile(r"^(host:\s*)\S*@", re.IGNORECASE)


def exchange_of(recording: Recording, request: Request, why: Truncated) -> Exchange | None:
    """Return a settled recording as an exchange; None if no byte of the request was written.

    ``why`` counts if the response is not whole and the crawler itself cut it (``time``,
    ``length``), or the connection gave no reason.
    """
    if recording.started is None or not recording.on_wire:
        return None
    cut = recording.cut
    if not recording.whole and (why in ("time", "length") or cut is None):
        cut = why
    # An http address has no TLS of its own: what is there is the proxy's.
    security = recording.security if request.url.lower().startswith("https:") else None
    return Exchange(
        url=without_userinfo(urldefrag(request.url)[0]),
        started=recording.started,
        request=without_secrets(bytes(recording.request)),
        head=recording.head,
        body=recording.body(),
        # Behind a proxy the server's address is not seen.
        ip=None if request.meta.get("proxy") else recording.ip,
        protocol=_protocols(recording.head, security),
        cipher=security.cipher if security else None,
        truncated=cut,
        about=_about(request, recording.head),
    )


def without_userinfo(url: str) -> str:
    """Return ``url`` without the ``user:password@`` before its host.

    >>> without_userinfo("http://u:p@ss@example.org/a@b")
    'http://example.org/a@b'
    """
    return _USERINFO.sub(r"\1", url)


def without_secrets(request: bytes) -> bytes:
    """Return a request as sent, less the lines and the userinfo that hold secrets.

    The one departure from "as sent". Lines of Cookie, Authorization and Proxy-Authorization go
    whole; userinfo goes from the request line (sent to a proxy), from Host and from Referer.
    The body is not looked at.
    """
    head, blank, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    kept = [without_userinfo(first)]
    for line in lines:
        name = line.partition(":")[0].strip().lower()
        if name == "host":
            kept.append(_HOST_USERINFO.sub(r"\1", line))
        elif name == "referer":
            kept.append(without_userinfo(line))
        elif name not in _SECRET_HEADERS:
            kept.append(line)
    return "\r\n".join(kept).encode("latin-1") + blank + body


def reservations(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a publisher reserves rights, names and order as sent.

    ``X-Robots-Tag``, and ``tdm-reservation`` and ``tdm-policy`` of the TDM Reservation Protocol.
    Folded lines are joined by one space; bytes are read as Latin-1, as HTTP's are.
    """
    if b"x-robots-tag" not in (lower := head.lower()) and b"tdm-" not in lower:
        return ()
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", head)
    fields = (line.partition(b":") for line in unfolded.splitlines()[1:])
    return tuple(
        (name.strip().decode("latin-1"), value.strip().decode("latin-1"))
        for name, _, value in fields
        if (word := name.strip().lower()) == b"x-robots-tag" or word.startswith(b"tdm-")
    )


def _about(request: Request, head: bytes) -> About:
    about: About = request.meta.get("about") or About()
    return replace(about, via=without_userinfo(about.via), reservations=reservations(head))


def _protocols(head: bytes, security: Security | None) -> tuple[str, ...]:
    version = re.match(rb"HTTP/(\d\.\d) ", head)
    http = f"http/{version[1].decode()}" if version else "http/1.1"
    return (http, security.protocol) if security else (http,)
