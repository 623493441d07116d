"""However the network cuts a message, the recording is the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed
from twisted.web.http_headers import Headers

from crawler import wire
from crawler.wire import Recording, _Bound, _WireProtocol, _WireRequest
from tests.crawler.wire_cases import BODIES, HEADS, MIDDLE, STATUSES, Case, lines

WHOLE = [c for c in [*HEADS, *STATUSES, *BODIES] if len(c.body) < 100_000 and not c.sent_body]


class Transport(StringTransport):
    """A transport that can be aborted."""

    def abortConnection(self) -> None:
        self.disconnecting = True


def replay(case: Case, pieces: list[bytes], closed: Exception | None = None) -> Recording:
    """Feed ``pieces`` to a connection that asked for ``case``, and return what it recorded."""
    protocol = _WireProtocol()
    transport = Transport()
    protocol.makeConnection(transport)
    recordings: list[Recording] = []
    request = _WireRequest(case.method.encode(), b"/", Headers({"Host": ["a"]}), None, True)
    answer = _Bound(protocol, recordings, 0).request(request)
    answer.addErrback(lambda failure: failure.trap(ResponseFailed))
    for piece in pieces:
        if not transport.disconnecting:
            protocol.dataReceived(piece)
    protocol.connectionLost(Failure(closed or ConnectionDone()))
    (recording,) = recordings
    assert recording.request == transport.value()
    recording.settle()
    return recording


@st.composite
def cut_messages(draw: st.DrawFn) -> tuple[Case, list[bytes]]:
    case = draw(st.sampled_from(WHOLE))
    message = case.before + case.head + case.body + case.after
    # Cuts crowd where heads end, for there the work is.
    edge = len(case.before + case.head)
    near = st.integers(max(0, edge - 6), min(len(message), edge + 6))
    cuts = draw(st.lists(st.one_of(near, st.integers(0, len(message))), max_size=12))
    places = [0, *sorted(cuts), len(message)]
    pieces = [message[a:b] for a, b in itertools.pairwise(places)]
    return case, [piece for piece in pieces if piece]


@given(cut_messages())
@settings(max_examples=400, deadline=None)
def test_cuts_change_nothing(message) -> None:
    case, pieces = message
    recording = replay(case, pieces)
    try:
        assert recording.head == case.head
        assert recording.body() == case.body
        assert recording.whole
        assert recording.cut is None
    finally:
        recording.close()


@pytest.mark.parametrize("size", [1, 999_993, 999_994, 1_000_000, 1_000_001, 1_500_000])
def test_a_spooled_body_is_the_same_body(size) -> None:
    body = MIDDLE[:size]
    case = Case("sized", lines(length=size), body)
    recording = replay(case, [case.head + body[:70_000], body[70_000:] + b"surplus"])
    kept = recording.body()
    try:
        assert isinstance(kept, bytes) == (size + len(b"surplus") <= wire.SPOOL_OVER)
        assert (kept if isinstance(kept, bytes) else kept.read()) == body
    finally:
        recording.close()


def test_a_reset_marks_a_body_without_length() -> None:
    case = Case("unsized", lines(), b"some of it")
    assert replay(case, [case.head + case.body]).cut is None
    assert replay(case, [case.head + case.body], ConnectionLost()).cut == "disconnect"


def test_nothing_is_recorded_once_settled() -> None:
    case = Case("late", lines(length=10), b"0123456789")
    recording = replay(case, [case.head, b"01234"])
    recording.received(b"56789")
    recording.ended(0)
    assert (recording.body(), recording.whole, recording.cut) == (b"01234", False, "disconnect")
