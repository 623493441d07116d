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

from tests.crawler.wire_cases import marked
from tests.crawler.wire_crawl import STOCK, Seen
from tests.crawler.wire_server import make_certificate
from tests.crawler.wire_suite import Run, case_of, run, wrongs

RUNS = [(scheme, number) for scheme in ("http", "https") for number in (1, 16, 64)]
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


def main() -> None:
    """Print the table."""
    table = Table(title="exchanges that are exactly as sent")
    for name in ("way", "concurrency", "exchanges", "requests", "heads", "bodies", "all of it"):
        table.add_column(name, justify="left" if name == "way" else "right")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            table.add_row(*row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
