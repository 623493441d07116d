"""Record what one connection sends and receives, below everything that rewrites it.

Scrapy's Response has lost header order, case, duplicates, the reason phrase, chunk framing and
the request as sent. These subclasses of Twisted's and Scrapy's private HTTP/1.1 client copy the
bytes where they enter and leave the transport, and let the parser itself say where a head and a
body end, so that there is no second parser to disagree with it. Scrapy and Twisted are pinned
exactly; ``tests/crawler/test_capture.py`` guards what is reached into here.

    pool.getConnection ─▶ Bound.request(tx request) ─▶ WireProtocol.request ─▶ Recording
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Hashable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, cast

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError
from twisted.web._newclient import Request as TxRequest
from twisted.web.client import HTTPConnectionPool
from twisted.web.http_headers import InvalidHeaderName

from archive.capture import Truncated
from crawler.tls import Security, security

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
    from twisted.web.iweb import IResponse

logger = logging.getLogger(__name__)

SPOOL_OVER = 1_000_000  # bytes of a body held in memory; more goes to a temporary file
LONGEST_LINE = 256 * 1024  # of a head; Twisted's own 16 KB refuses long cookies and CSP headers
LARGEST_HEAD = 1024 * 1024  # Twisted counts none: a server could send header lines for ever


class Recording:
    """One request as written to a connection, and what came back over it.

    ``whole`` says that the parser saw the end of the response; ``cut`` says why it never will,
    as far as the connection can tell. ``on_wire`` is False for a request that waited for a TLS
    handshake which never was completed. ``failure`` is set if the temporary file cannot be
    written. ``head`` and ``body`` are to be read after :meth:`settle`, before :meth:`close`.
    """

    def __init__(self, transport: Any, in_memory: int = 0) -> None:
        self.ip: str | None = getattr(transport.getPeer(), "host", None)
        self.security: Security | None = None
        self.on_wire = True
        self.started: datetime | None = None
        self.request = bytearray()
        self.head = b""
        self.whole = False
        self.cut: Truncated | None = None
        self.failure: OSError | None = None
        self.size = 0  # of the body
        self._transport = transport
        self._secured: bool = ISSLTransport.providedBy(transport)
        self._in_memory = in_memory
        self._pending: bytearray | None = bytearray()  # of the head, until its end is known
        self._chunks: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._settled = False

    @property
    def too_large(self) -> bool:
        """Whether the body is more than the crawler wants to hold in memory."""
        return 0 < self._in_memory < self.size

    def wrote(self, data: bytes) -> None:
        """Note bytes of the request, as they are handed to the transport."""
        if self.started is None:
            self.started = datetime.now(UTC)
        self.request += data

    def received(self, data: bytes) -> None:
        """Note bytes of the response, before anything looks at them."""
        if self._settled or self.whole:
            return
        if self._secured and self.security is None:
            self.note_security()
        if self._pending is not None:
            self._pending += data
        else:
            self._keep(data)

    def head_ended(self, rest: int, *, interim: bool) -> None:
        """Cut the head off all but the last ``rest`` bytes; forget it if it is ``interim``."""
        if self._pending is None or self._settled:
            return
        split = len(self._pending) - rest
        body = self._pending[split:]
        if interim:
            self._pending = body
            return
        self.head = bytes(self._pending[:split])
        self._pending = None
        self._keep(bytes(body))

    def ended(self, rest: int) -> None:
        """Note that the response is whole; the last ``rest`` bytes are not part of it."""
        if self._settled or self.whole:
            return
        self.whole = True
        if rest:
            self._drop(rest)

    def broke(self, why: Truncated) -> None:
        """Note why no more can come; the first reason stands."""
        self.cut = self.cut or why

    @property
    def endless_head(self) -> bool:
        """Whether more has come than any head should have, and its end has not."""
        return self._pending is not None and len(self._pending) > LARGEST_HEAD

    def note_security(self) -> None:
        """Note protocol and cipher while the transport still knows them."""
        if self._secured:
            self.security = security(self._transport)
            self.on_wire = self.security is not None

    def settle(self) -> None:
        """Take the recording as it stands; a head without its end counts as head."""
        if self._settled:
            return
        self._settled = True
        if self.security is None and self.cut is None:
            self.note_security()
        if self._pending is not None:
            self.head, self._pending = bytes(self._pending), None

    def body(self) -> bytes | IO[bytes]:
        """Return the body, a file at its start if it was spooled."""
        if self._file is not None:
            self._file.seek(0)
            return self._file
        return b"".join(self._chunks)

    def close(self) -> None:
        """Let go of the bytes and of the temporary file; what still arrives is ignored."""
        self._settled = True
        self._chunks.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self._file is None and self.size <= SPOOL_OVER:
            self._chunks.append(data)
        elif self.failure is None:
            self._spool(data)

    def _spool(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
                self._file.writelines(self._chunks)
                self._chunks.clear()
            self._file.write(data)
        except OSError as error:  # the disk of the temporary folder is full
            self.failure = error

    def _drop(self, count: int) -> None:
        self.size -= count
        if self._file is not None:
            self._file.seek(self.size)
            self._file.truncate()
        else:
            self._chunks = [b"".join(self._chunks)[: self.size]]


Recordings = list[Recording]
# Carries a download's recordings from the handler to the pool, through Scrapy's agent between
# them, which knows nothing of it. Read before the handler first waits, so never another's.
recordings_of_download: ContextVar[Recordings] = ContextVar("recordings_of_download")


class WirePool(HTTPConnectionPool):
    """A pool whose connections record; ``in_memory`` is passed on to every :class:`Recording`."""

    def __init__(self, reactor: Any, *, per_host: int, in_memory: int) -> None:
        super().__init__(reactor, persistent=True)  # type: ignore[no-untyped-call]
        self.maxPersistentPerHost = per_host
        self._factory = _WireFactory
        self.in_memory = in_memory

    def getConnection(
        self, key: Hashable, endpoint: IStreamClientEndpoint
    ) -> Deferred[Any]:  # what the agent needs of it is request()
        """Supply a connection bound to the download that asks for it."""
        recordings = recordings_of_download.get()
        found = super().getConnection(key, endpoint)
        return found.addCallback(_Bound, recordings, self.in_memory)


class _Bound:
    """A connection that marks the transport's request with the download it belongs to.

    The mark is on the request, not on the connection: when Twisted finds a keep-alive connection
    stale it sends the same request again over a new one, and says nothing.
    """

    def __init__(self, connection: Any, recordings: Recordings, in_memory: int) -> None:
        self._connection = connection
        self._recordings = recordings
        self._in_memory = in_memory

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        request.__class__ = _WireRequest
        marked = cast("_WireRequest", request)
        marked.recordings = self._recordings
        marked.in_memory = self._in_memory
        return self._connection.request(marked)  # type: ignore[no-any-return]


class _WireRequest(TxRequest):
    """A request that copies what it writes to its newest recording."""

    recordings: Recordings
    in_memory: int

    def writeTo(self, transport: Any) -> Any:
        return super().writeTo(_Tee(transport, self.recordings[-1]))  # type: ignore[no-untyped-call]


class _Tee:
    """What a request needs of a transport."""

    def __init__(self, transport: Any, recording: Recording) -> None:
        self._transport = transport
        self._recording = recording
        self.registerProducer: Callable[..., None] = transport.registerProducer
        self.unregisterProducer: Callable[[], None] = transport.unregisterProducer

    def write(self, data: bytes) -> None:
        self._recording.wrote(data)
        self._transport.write(data)

    def writeSequence(self, parts: Iterable[bytes]) -> None:
        self.write(b"".join(parts))


class _WireParser(_LenientHTTPClientParser):
    """Tells the recording where the head ends, and lets large bodies pass by."""

    MAX_LENGTH = LONGEST_LINE
    recording: Recording

    def lineLengthExceeded(self, line: bytes) -> None:
        self.recording.broke("length")
        super().lineLengthExceeded(line)  # type: ignore[no-untyped-call]

    def headerReceived(self, name: bytes, value: bytes) -> None:
        """Skip a line whose name is none (``X Y: 1``), as browsers do; it is in the recording."""
        try:
            super().headerReceived(name.rstrip(), value)  # type: ignore[no-untyped-call]
        except InvalidHeaderName:
            logger.debug("not a header line: %r: %r", name, value)

    def allHeadersReceived(self) -> None:
        self.recording.head_ended(len(self._buffer), interim=100 <= self.response.code < 200)
        super().allHeadersReceived()  # type: ignore[no-untyped-call]

    def switchToBodyMode(self, decoder: Any) -> None:
        decoder.dataCallback = self._body_received
        super().switchToBodyMode(decoder)  # type: ignore[no-untyped-call]

    def _body_received(self, data: bytes) -> None:
        """Hand body bytes to Scrapy; empty its buffer once they are too many to hold.

        Its counting, its limits and its signals go on as they would.
        """
        self.response._bodyDataReceived(data)
        if self.recording.too_large:
            buffer = self.response._bodyProtocol._bodybuf
            buffer.seek(0)
            buffer.truncate()


class _WireProtocol(_LenientHTTP11ClientProtocol):
    """A connection that starts a recording for every request."""

    _recording: Recording | None = None

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        assert self.transport is not None
        assert isinstance(request, _WireRequest)
        recording = Recording(self.transport, request.in_memory)
        request.recordings.append(recording)
        self._recording = recording
        answer = super().request(request)
        if self._parser is not None:  # Scrapy has just changed the class in the same way
            self._parser.__class__ = _WireParser
            self._parser.recording = recording  # type: ignore[attr-defined]
        return answer

    def dataReceived(self, data: bytes) -> None:
        recording = self._recording
        if recording is not None:
            recording.received(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if recording is not None and recording.endless_head:
            recording.broke("length")
            self._giveUp(Failure(ParseError("endless head", data[:100])))  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.ended(len(rest))
        super()._finishResponse(rest)

    def _giveUp(self, reason: Failure) -> None:
        """Stop at bytes that are no HTTP; a connection given up after its response is no loss."""
        if self._recording is not None:
            self._recording.broke("unspecified")
        super()._giveUp(reason)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        recording = self._recording
        if recording is not None:
            recording.note_security()
            # A body without a length ends with the connection, if the server closed it in order.
            if not isinstance(reason.value, ConnectionDone):
                recording.broke("disconnect")
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if recording is not None and not recording.whole:
            recording.broke("disconnect")
        self._recording = None


class _WireFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _WireProtocol:  # noqa: ARG002
        return _WireProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
