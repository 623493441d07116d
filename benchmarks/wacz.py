"""How fast a WACZ is made, beside reading the WARC and beside py-wacz: ``python -m benchmarks.wacz``.

``[--megabytes 200] [--wacz COMMAND]``. Captures of 40 KB of gzip that does not compress further
are written, landed, and exported: all of them, and every second one, which has to be cut out of
the WARC. MB/s counts bytes of WARC that went in, per second of CPU. The floor in the same run is
reading the file and taking its SHA-256. ``--wacz`` names py-wacz's command in an environment of
its own, to run ``wacz create`` on the same WARC.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

import archive
from archive.capture import Exchange
from archive.ingest import Ingest
from archive.package.choice import Choice, choose, take
from archive.package.sources import sources
from archive.package.wacz import pages_of, write_wacz
from archive.warc.writer import WarcWriter

PIECE = 1_048_576
ENDLESS = 2**62


def write_archive(folder: Path, megabytes: int) -> Path:
    """Write and land one WARC of pictures; return its path."""
    chance = random.Random(7)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    with WarcWriter(folder / "warc", portal="demo", info={}, revisits=None) as writer:
        for number in range(megabytes * 25):
            body = gzip.compress(chance.randbytes(40_000), 1)
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Encoding: gzip\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            url = f"http://portal.test/{number}.jpg"
            at = start + timedelta(seconds=number)
            writer.write(Exchange(url, at, b"GET / HTTP/1.1\r\n\r\n", head.encode(), body))
    Ingest(folder, workers=1).run()
    return next((folder / "warc").glob("*.warc.gz"))


def read(warc: Path) -> None:
    """Read a file and digest it: what any copy that says what it copied has to do."""
    with warc.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def export(folder: Path, choice: Choice) -> None:
    """Make a WACZ as the command does."""
    with archive.open(folder) as connection:
        choose(connection, choice, most_bytes=ENDLESS, most_pages=ENDLESS)
        made = sources(connection, folder, take(connection, folder, 0))
        pages = pages_of(connection)
        write_wacz(folder / "made.wacz", made, pages, title="all", created=datetime.now(UTC))


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process and its children that ``work`` takes."""
    before = time.process_time() + _children()
    work()
    return time.process_time() + _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print MB/s of each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--wacz", type=Path, metavar="COMMAND")
    options = parser.parse_args()
    table = Table("", "MB/s of CPU", title="WACZ of one WARC")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warc = write_archive(folder, options.megabytes)
        size = warc.stat().st_size / 1e6
        half = Choice(
            sql="SELECT capture FROM captures WHERE extract(second FROM captured) % 2 = 0"
        )
        ways: dict[str, tuple[float, Callable[[], object]]] = {
            "reading and SHA-256": (size, lambda: read(warc)),
            "export, all captures": (size, lambda: export(folder, Choice())),
            "export, every second one": (size / 2, lambda: export(folder, half)),
        }
        if options.wacz:
            command = [options.wacz, "create", "-o", folder / "other.wacz", warc]
            ways["wacz create"] = (size, lambda: subprocess.run(command, check=True))
        for what, (amount, work) in ways.items():
            table.add_row(what, f"{amount / min(seconds(work) for _ in range(3)):,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
