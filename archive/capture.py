"""What was exchanged with a server, before it is written and after it is read again.

An :class:`Exchange` is what the crawler saw on the wire; ``archive.warc.writer`` turns it into
records. A :class:`Capture` is what ``archive.warc.reader`` gives back for a record of any WARC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Literal

from archive.link import LinkKind

Truncated = Literal["length", "time", "disconnect", "unspecified"]


@dataclass(frozen=True, slots=True)
class About:
    """Why a URL was fetched: the ``metadata`` record beside a capture.

    ``hops`` counts links followed from the seed. ``robots`` is the verdict at the time of
    fetching: ``allowed``, ``ignored`` (the portal says so) or ``robots`` for robots.txt itself.
    ``reservations`` are headers by which a publisher reserves rights, as sent
    (``X-Robots-Tag``, ``tdm-reservation``, ``tdm-policy``).
    """

    portal: str = ""
    via: str = ""
    kind: LinkKind = LinkKind.SEED
    hops: int = 0
    robots: str = ""
    reservations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, byte for byte as it went over the wire.

    ``request`` is head and body as sent, less secrets. ``head`` is the final response's status
    line and headers with the blank line, 1xx interim answers stripped; ``b""`` if none came.
    ``body`` still has its transfer- and content-encoding; a file is read from its start.
    ``started`` is UTC, when the first byte of the request was written.
    ``protocol`` and ``cipher`` use the words of the WARC-Protocol and WARC-Cipher-Suite fields
    (``("http/1.1", "tls/1.3")``, ``"TLS_AES_128_GCM_SHA256"``).
    """

    url: str
    started: datetime
    request: bytes
    head: bytes
    body: bytes | IO[bytes]
    ip: str | None = None
    protocol: tuple[str, ...] = ("http/1.1",)
    cipher: str | None = None
    truncated: Truncated | None = None
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Capture:
    """One stored exchange, as a WARC record tells it.

    ``offset`` and ``length`` count bytes of the file as stored (compressed), as CDXJ does.
    ``date`` is UTC. ``payload_digest`` is ``sha256:…`` or ``sha1:…`` as the record has it.
    ``status`` is None where the record holds no HTTP answer. ``content_type`` is the media type
    of the payload in lower case without parameters; ``headers`` are the HTTP answer's, in order,
    names in lower case. For a revisit, ``refers_to_url`` and ``refers_to_date`` name the original
    (``payload`` is then empty). ``about`` is None in WARCs that others wrote.
    ``payload`` is the body with transfer-encoding undone and content-encoding as sent;
    use ``archive.warc.reader.decoded`` for the bytes that a browser would parse.
    """

    url: str
    date: datetime
    warc: str
    offset: int
    length: int
    record_id: str
    record_type: Literal["response", "revisit", "resource"]
    status: int | None
    content_type: str
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    payload_digest: str | None
    ip: str | None = None
    profile: str | None = None
    refers_to_url: str | None = None
    refers_to_date: datetime | None = None
    truncated: str | None = None
    about: About | None = None
    warcinfo: Mapping[str, str] = field(default_factory=dict)
