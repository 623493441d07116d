"""How fast WARCs are written and read, beside warcio and FastWARC.

``python -m benchmarks.warc [--pages 500] [--rounds 5]``. Each writer stores the same exchanges,
pages of 60 KB as HTML or as gzip, in records of one gzip member each: request and response, and
ours a metadata record too. MB/s counts bytes of HTTP answers per second of CPU; the best round
counts. ``--levels`` compares gzip levels instead; ``--index LINES`` the index of captures.
"""

from __future__ import annotations

import argparse
import gzip
import io
import random
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from fastwarc import ArchiveIterator, GzipWriter, WarcRecord, WarcRecordType
from isal import isal_zlib
from rich.console import Console
from rich.table import Table
from warcio.archiveiterator import ArchiveIterator as WarcioIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import cdxj
from archive.capture import Exchange
from archive.cdxj import Entry
from archive.warc.reader import read_captures
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from benchmarks.capture import page

START = datetime(2026, 3, 1, tzinfo=UTC)
REQUEST = b"GET / HTTP/1.1\r\nHost: portal.test\r\nAccept-Encoding: gzip, br\r\n\r\n"
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx")]


def exchanges(count: int, encoding: str) -> list[Exchange]:
    """Return ``count`` exchanges with distinct pages."""
    headers = [*HEADERS, *([("Content-Encoding", encoding)] if encoding else [])]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return [
        Exchange(
            url=f"http://portal.test/news/{number}/",
            started=START + timedelta(seconds=number),
            request=REQUEST,
            head=f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode(),
            body=body,
            ip="127.0.0.1",
        )
        for number, body in enumerate(bodies(count, encoding))
    ]


def bodies(count: int, encoding: str) -> Iterator[bytes]:
    for seed in range(count):
        yield gzip.compress(page(seed), 6) if encoding else page(seed)


def with_ours(folder: Path, sent: list[Exchange], *, revisits: bool = False) -> None:
    index = RevisitIndex(folder) if revisits else None
    with WarcWriter(folder / "warc", portal="demo", info={}, revisits=index) as writer:
        for number, exchange in enumerate(sent):
            writer.write(exchange)
            if number % 100 == 99:
                writer.sync()
    if index:
        index.close()


def with_warcio(folder: Path, sent: list[Exchange]) -> None:
    with (folder / "warcio.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        for exchange in sent:
            assert isinstance(exchange.body, bytes)
            head = StatusAndHeaders("200 OK", list(HEADERS), protocol="HTTP/1.1")
            asked = StatusAndHeaders(
                "GET / HTTP/1.1", [("Host", "portal.test")], is_http_request=True
            )
            writer.write_request_response_pair(
                writer.create_warc_record(
                    exchange.url, "request", io.BytesIO(), http_headers=asked
                ),
                writer.create_warc_record(
                    exchange.url, "response", io.BytesIO(exchange.body), http_headers=head
                ),
            )


def with_fastwarc(folder: Path, sent: list[Exchange]) -> None:
    with (folder / "fastwarc.warc.gz").open("wb") as file:
        stream = GzipWriter(file)
        for exchange in sent:
            assert isinstance(exchange.body, bytes)
            for kind, block in (
                (WarcRecordType.request, exchange.request),
                (WarcRecordType.response, exchange.head + exchange.body),
            ):
                record = WarcRecord()
                record.init_headers(record_type=kind)
                record.headers["WARC-Target-URI"] = exchange.url
                record.is_http = True
                record.set_bytes_content(block)
                record.write(stream, checksum_data=True)
        stream.close()


Writer = Callable[[Path, list[Exchange]], None]
WRITERS: dict[str, Writer] = {
    "ours": with_ours,
    "ours, with the revisit index": lambda folder, sent: with_ours(folder, sent, revisits=True),
    "warcio": with_warcio,
    "FastWARC": with_fastwarc,
}


def read_ours(path: Path) -> int:
    return sum(len(capture.payload) for capture in read_captures(path))


def read_warcio(path: Path) -> int:
    with path.open("rb") as file:
        records = WarcioIterator(file)
        return sum(len(r.content_stream().read()) for r in records if r.rec_type == "response")


def read_fastwarc(path: Path) -> int:
    with path.open("rb") as file:
        records = ArchiveIterator(file, record_types=WarcRecordType.response)
        return sum(len(record.reader.read()) for record in records)


READERS: dict[str, Callable[[Path], int]] = {
    "ours": read_ours,
    "warcio": read_warcio,
    "FastWARC": read_fastwarc,
}


def fastest(rounds: int, run: Callable[[], object]) -> tuple[float, float]:
    """Return the least CPU and wall seconds of ``rounds`` runs."""
    cpu: list[float] = []
    wall: list[float] = []
    for _ in range(rounds):
        began, ticks = time.perf_counter(), time.process_time()
        run()
        cpu.append(time.process_time() - ticks)
        wall.append(time.perf_counter() - began)
    return min(cpu), min(wall)


def measure(count: int, rounds: int, console: Console) -> None:
    table = Table("pages", "what", "CPU ms each", "MB/s of CPU", "bytes stored")
    for encoding in ("", "gzip"):
        sent = exchanges(count, encoding)
        size = sum(len(one.head) + len(one.body) for one in sent if isinstance(one.body, bytes))
        with tempfile.TemporaryDirectory() as folder:
            for name, write in WRITERS.items():
                cpu, stored = _write(Path(folder), name, partial(_call, write, sent), rounds)
                row = [f"{cpu / count * 1e3:.3f}", f"{size / cpu / 1e6:.0f}", f"{stored:,}"]
                table.add_row(encoding or "HTML", f"write: {name}", *row)
            warc = next(Path(folder, "0-ours").rglob("*.warc.gz"))
            for name, read in READERS.items():
                cpu, _ = fastest(rounds, partial(read, warc))
                row = [f"{cpu / count * 1e3:.3f}", f"{size / cpu / 1e6:.0f}", ""]
                table.add_row(encoding or "HTML", f"read: {name}", *row)
    console.print(table)


def _call(write: Writer, sent: list[Exchange], folder: Path) -> None:
    write(folder, sent)


def _write(
    folder: Path, name: str, write: Callable[[Path], None], rounds: int
) -> tuple[float, int]:
    """Run ``write`` in a new folder each round; return CPU seconds and the bytes it stored."""
    number = iter(range(rounds))
    paths: list[Path] = []

    def run() -> None:
        paths.append(folder / f"{next(number)}-{name}")
        paths[-1].mkdir()
        write(paths[-1])

    cpu, _ = fastest(rounds, run)
    return cpu, sum(path.stat().st_size for path in paths[0].rglob("*.warc.gz"))


def levels(count: int, console: Console) -> None:
    """Compare gzip levels on one record a page."""
    ways = {f"zlib {n}": (lambda d, n=n: zlib.compress(d, n, 31)) for n in (9, 6, 4, 1)}
    ways |= {f"ISA-L {n}": (lambda d, n=n: isal_zlib.compress(d, n, 31)) for n in (0, 1, 2, 3)}
    table = Table("pages", "gzip", "CPU ms each", "stored ÷ given")
    for encoding in ("", "gzip"):
        pages = list(bodies(count, encoding))
        for name, compress in ways.items():
            stored = sum(len(compress(body)) for body in pages)
            cpu, _ = fastest(3, lambda c=compress, p=pages: [c(body) for body in p])
            share = stored / sum(map(len, pages))
            table.add_row(encoding or "HTML", name, f"{cpu / count * 1e3:.3f}", f"{share:.3f}")
    console.print(table)


def index(lines: int, console: Console) -> None:
    """Time a look-up in, and a merge into, an index of ``lines`` captures."""

    def entries(first: int, count: int) -> Iterator[Entry]:
        for number in range(first, first + count):
            url = f"http://portal.test/news/{number % 100_000}/{number}/"
            key = f"test,portal)/news/{number % 100_000}/{number}"
            yield Entry(
                key, "20260301120000", url, "text/html", "200", "sha256:" + "0" * 64, 1, 1, "w"
            )

    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder)
        cdxj.write(archive / cdxj.INDEX, entries(0, lines))
        cdxj.write(archive / "new.cdxj", entries(lines, 10_000))
        chosen = random.Random(1).choices(range(lines), k=2_000)
        urls = [f"http://portal.test/news/{n % 100_000}/{n}/" for n in chosen]
        _, found = fastest(3, lambda: [cdxj.lookup(archive, url) for url in urls])
        _, merged = fastest(1, lambda: cdxj.merge(archive, archive / "new.cdxj"))
        console.print(f"{lines:,} lines: a look-up {found / len(urls) * 1e3:.3f} ms,", end=" ")
        console.print(f"merging 10,000 more {merged:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--levels", action="store_true")
    parser.add_argument("--index", type=int, metavar="LINES")
    options = parser.parse_args()
    console = Console(width=100)
    if options.index:
        index(options.index, console)
    elif options.levels:
        levels(options.pages, console)
    else:
        measure(options.pages, options.rounds, console)


if __name__ == "__main__":
    main()
