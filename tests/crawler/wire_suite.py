"""Crawl every odd answer and compare what was kept with what the server read and sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from archive.capture import Exchange
from tests.crawler.wire_cases import CASES, STALE, Case, marked
from tests.crawler.wire_crawl import CAPTURE, Ask, Job, Outcome, crawl
from tests.crawler.wire_server import Sent, Step, WireServer

BY_NAME = {case.name: case for case in [*CASES, STALE]}


def case_of(target: str) -> Case:
    """Return the case that ``/<name>?<turn>`` asks for."""
    return BY_NAME[target.strip("/").partition("?")[0]]


def script(target: str) -> tuple[Step, ...]:
    """Return what the server does when asked for ``target``."""
    return case_of(target).steps(target)


@dataclass(frozen=True)
class Run:
    """One crawl of all cases, and the server's log by target."""

    outcome: Outcome
    sent: dict[str, list[Sent]]
    base: str


class Wrong(NamedTuple):
    """A part of an exchange that is not what was on the wire."""

    target: str
    part: str
    got: object
    was: object


def run(
    folder: Path,
    certificate: Path,
    *,
    scheme: str = "http",
    concurrency: int = 16,
    times: int = 1,
    handler: str = CAPTURE,
) -> Run:
    """Crawl all cases, ``times`` times but for the costly ones."""
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
        outcome = crawl(Job(asks, handler, settings), folder)
    sent: dict[str, list[Sent]] = {}
    for entry in server.log:
        sent.setdefault(entry.target, []).append(entry)
    return Run(outcome, sent, base)


def pairs(run: Run) -> Iterator[tuple[Case, Sent, Exchange | None]]:
    """Pair what the server logged with what was kept; None where nothing was.

    A request that was written into a connection just closed never reached the server: such an
    exchange comes before the one of the second try.
    """
    kept: dict[str, list[Exchange]] = {}
    for exchange in run.outcome.exchanges:
        kept.setdefault(exchange.url.removeprefix(run.base), []).append(exchange)
    for target, entries in run.sent.items():
        found = kept.get(target, [])[-len(entries) :]
        for entry, exchange in zip(entries, [*found, *[None] * len(entries)], strict=False):
            yield case_of(target), entry, exchange


def wrongs(run: Run) -> list[Wrong]:
    """Return every part of every exchange that is not what was on the wire."""
    found: list[Wrong] = []
    for case, entry, exchange in pairs(run):
        if exchange is None:
            found.append(Wrong(entry.target, "exchange", None, bytes(entry.sent[:80])))
            continue
        assert isinstance(exchange.body, bytes)
        after = marked(case.after, entry.target)
        parts = {
            "request": (exchange.request, entry.request),
            "head": (exchange.head, marked(case.head, entry.target)),
            "body": (exchange.body, marked(case.body, entry.target)),
            "all": (case.before + exchange.head + exchange.body + after, bytes(entry.sent)),
            "truncated": (exchange.truncated, case.truncated),
        }
        found += [
            Wrong(entry.target, part, *both) for part, both in parts.items() if both[0] != both[1]
        ]
    return found
