"""How much of what went over the wire is kept, beside what Scrapy's Response would give back.

``python -m benchmarks.wire``: the raw-socket suite of ``tests/crawler``, counted.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.crawler.wire_cases import lines, marked
from tests.crawler.wire_crawl import CAPTURE, STOCK, Ask, Job, Seen, crawl
from tests.crawler.wire_server import Repeat, WireServer, make_certificate
from tests.crawler.wire_suite import Run, case_of, run, wrongs

RUNS = [(scheme, number) for scheme in ("http", "https") for number in (1, 16, 64)]
MEGABYTE = bytes(1_000_000)
TIMES = {1: 1, 16: 2, 64: 4}


def rebuilt(seen: Seen) -> tuple[bytes, bytes]:
    """Return head and body as a WARC writer makes them that has only Scrapy's Response."""
    reason = HTTPStatus(seen.status).phrase if seen.status in list(HTTPStatus) else ""
    lines = [f"{seen.protocol} {seen.status} {reason}".encode()]
    lines += [name + b": " + value for name, values in seen.headers for value in values]
    return b"\r\n".join(lines) + b"\r\n\r\n", seen.body


def exact_rebuilds(done: Run) -> Counter[str]:
    """Count answers whose head, body, or both are rebuilt as they were sent."""
    found: Counter[str] = Counter()
    for target in done.sent:
        case, seen = case_of(target), done.outcome.responses.get(done.base + target)
        if seen is None:
            continue
        head, body = rebuilt(seen)
        parts = {
            "head": head == marked(case.head, target),
            "body": body == marked(case.body, target),
        }
        found.update(part for part, exact in parts.items() if exact)
        found["both"] += all(parts.values())
    return found


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Run the suite in every way; one row each."""
    certificate = make_certificate(folder / "server.pem")
    for scheme, number in RUNS:
        done = run(folder, certificate, scheme=scheme, concurrency=number, times=TIMES[number])
        total = sum(map(len, done.sent.values()))
        wrong = {part: set() for part in ("exchange", "request", "head", "body")}
        for found in wrongs(done):
            wrong.setdefault(found.part, set()).add(found.target)
        exact = [
            total - len(wrong[part] | wrong["exchange"]) for part in ("request", "head", "body")
        ]
        both = total - len(set().union(*wrong.values()))
        yield f"capture, {scheme}", str(number), str(total), *map(str, exact), str(both)
    done = run(folder, certificate, handler=STOCK)
    found = exact_rebuilds(done)
    counts = [str(found[part]) for part in ("head", "body", "both")]
    yield "rebuilt from Scrapy's Response, http", "16", str(len(done.sent)), "–", *counts


def memory_rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Fetch one body and tell by how many MB the process grew at its peak; one row each."""
    settings = {"DOWNLOAD_MAXSIZE": 0, "DOWNLOAD_WARNSIZE": 0}
    for way, handler in (("Scrapy's own handler", STOCK), ("capture", CAPTURE)):
        grown = []
        for times in (1, 200):
            steps = (lines(length=len(MEGABYTE) * times), Repeat(MEGABYTE, times))
            with WireServer(lambda _, steps=steps: steps) as server:
                ask = Ask(f"http://127.0.0.1:{server.port}/")
                outcome = crawl(Job([ask], handler, settings), folder)
            assert not outcome.failures, outcome.failures
            grown.append(f"{outcome.grown * 1024 / 1e6:.0f}")
        yield way, *grown


def show(title: str, names: tuple[str, ...], found: Iterator[tuple[str, ...]]) -> None:
    """Print ``found`` as a table."""
    table = Table(title=title)
    for name in names:
        table.add_column(name, justify="left" if name == "way" else "right")
    for row in found:
        table.add_row(*row)
    Console(width=110).print(table)


def main() -> None:
    """Print both tables."""
    names = ("way", "concurrency", "exchanges", "requests", "heads", "bodies", "all of it")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        show("exchanges that are exactly as sent", names, rows(folder))
        sizes = ("way", "1 MB body", "200 MB body")
        show("growth of the process, MB", sizes, memory_rows(folder))


if __name__ == "__main__":
    main()
