"""Byte for byte: what the server read and sent is what was captured, whatever the answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.capture import Exchange
from tests.crawler.wire_cases import CASES, STALE, Case
from tests.crawler.wire_crawl import Ask, Job, Outcome, crawl
from tests.crawler.wire_server import WireServer, make_certificate

BY_NAME = {case.name: case for case in [*CASES, STALE]}


def script(path: str):
    return BY_NAME[path.strip("/").partition("?")[0]].steps


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@dataclass(frozen=True)
class Run:
    """One crawl of all cases, and the server's log by target."""

    outcome: Outcome
    sent: dict[str, list]
    base: str


def run(folder: Path, certificate: Path, *, scheme="http", concurrency=16, times=1, **job) -> Run:
    with WireServer(script, certificate) as server:
        base = f"{scheme}://127.0.0.1:{server.port}"
        asks = [
            Ask(f"{base}/{case.name}?{turn}", case.method, case.headers, case.sent_body, case.meta)
            for turn in range(times)
            for case in CASES
            if not (case.once and turn)
        ]
        settings = {
            "CONCURRENT_REQUESTS": concurrency,
            "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        }
        outcome = crawl(Job(asks, settings=settings, **job), folder)
    sent: dict[str, list] = {}
    for entry in server.log:
        sent.setdefault(entry.target, []).append(entry)
    return Run(outcome, sent, base)


def wrongs(run: Run) -> list[str]:
    """Name every exchange that is not what was on the wire."""
    found: list[str] = []
    kept: dict[str, list[Exchange]] = {}
    for exchange in run.outcome.exchanges:
        kept.setdefault(exchange.url.removeprefix(run.base), []).append(exchange)
    for target, entries in run.sent.items():
        case = BY_NAME[target.strip("/").partition("?")[0]]
        # A request written into a connection that had just closed never reached the server.
        answered = [e for e in kept.get(target, []) if e.head or e.body or case.name == "only-103"]
        if len(answered) != len(entries):
            found.append(f"{target}: {len(entries)} sent, {len(answered)} kept")
            continue
        for entry, exchange in zip(entries, answered, strict=True):
            found += [f"{target}: {what}" for what in _differs(case, entry, exchange)]
    return found


def _differs(case: Case, entry, exchange: Exchange) -> list[str]:
    parts = {
        "request": (exchange.request, entry.request),
        "head": (exchange.head, case.head),
        "body": (exchange.body, case.body),
        "sent": (case.before + exchange.head + exchange.body + case.after, bytes(entry.sent)),
        "truncated": (exchange.truncated, case.truncated),
    }
    return [
        f"{what} is {got[:80]!r}, was {was[:80]!r}" if got and was else f"{what}: {got!r} {was!r}"
        for what, (got, was) in parts.items()
        if got != was
    ]


def test_there_are_fifty_odd_cases() -> None:
    assert len(BY_NAME) == len(CASES) + 1 >= 50


@pytest.mark.parametrize(
    ("scheme", "concurrency"), list(itertools.product(["http", "https"], [1, 16, 64]))
)
def test_every_byte_is_kept(tmp_path, certificate, scheme, concurrency) -> None:
    times = {1: 1, 16: 2, 64: 4}[concurrency]
    done = run(tmp_path, certificate, scheme=scheme, concurrency=concurrency, times=times)
    assert wrongs(done) == []
    assert len(done.sent) >= len(CASES)
