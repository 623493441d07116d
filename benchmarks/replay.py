"""How fast captures are found and replayed, beside pywb on the same folder.

``python -m benchmarks.replay [--lines 1000000] [--pages 300] [--without-pywb]``. Look-ups: the
TimeMap of an address and the nearest capture, over HTTP, among ``--lines`` lines of index. First
byte: from the request's last byte to the answer's first, a new connection each time, the same
pages in the same order from both servers in turn. pywb is installed in an environment of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from archive import cdxj
from archive.cdxj import Entry
from archive.warc.writer import WarcWriter
from benchmarks.warc import exchanges

HOST = "127.0.0.1"


@contextmanager
def serving(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a server as a process of its own until the block ends."""
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=env)
        try:
            for _ in range(600):
                try:
                    socket.create_connection((HOST, port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
        return port


def first_byte(port: int, path: str) -> tuple[float, float, bytes]:
    """Return the seconds to the first and to the last byte of an answer, and the answer."""
    with socket.create_connection((HOST, port)) as connection:
        request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
        start = time.perf_counter()
        connection.sendall(request.encode())
        parts = [connection.recv(65_536)]
        first = time.perf_counter() - start
        while part := connection.recv(65_536):
            parts.append(part)
        return first, time.perf_counter() - start, b"".join(parts)


def ours(archive: Path, port: int) -> list[str]:
    code = "from crawler.cli import main; main()"
    return [sys.executable, "-c", code, "replay", "--archive", str(archive), "--port", str(port)]


def pywb(home: Path, archive: Path, port: int) -> list[str]:
    """Install pywb and return the command that replays ``archive``."""
    pinned = Path(__file__).parents[1] / "tests/archive/warc/pywb-requirements.txt"
    subprocess.run([sys.executable, "-m", "venv", home / "env"], check=True)
    install = [home / "env/bin/python", "-m", "pip", "install", "-q", "-r", pinned]
    subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    (home / "config.yaml").write_text(
        f"collections:\n  kept:\n    index_paths: {archive}/index.cdxj\n"
        f"    archive_paths: {archive}/warc/\n"
    )
    return [str(home / "env/bin/wayback"), "-b", HOST, "-p", str(port)]


def pages(count: int, with_pywb: bool, console: Console) -> None:
    """Time the first byte of rewritten pages."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        archive = Path(folder) / "archive"
        sent = exchanges(count, "gzip")
        with WarcWriter(archive / "warc", portal="demo", info={}) as writer:
            for exchange in sent:
                writer.write(exchange)
        servers = {"morestories": (free_port(), "/web/")}
        stack.enter_context(
            serving(ours(archive, servers["morestories"][0]), servers["morestories"][0], archive)
        )
        if with_pywb:
            port = free_port()
            servers["pywb"] = (port, "/kept/")
            stack.enter_context(serving(pywb(Path(folder), archive, port), port, Path(folder)))
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
        for number, exchange in enumerate(sent):
            for name, (port, prefix) in servers.items():
                path = f"{prefix}{exchange.started:%Y%m%d%H%M%S}mp_/{exchange.url}"
                first, last, answer = first_byte(port, path)
                assert b" 200 " in answer[:20], answer[:300]
                if number >= 20:  # both have warmed up
                    times[name].append((first, last))
    table = Table("page of 60 KB", "first byte p50 ms", "p95", "last byte p50")
    for name, some in times.items():
        firsts = sorted(first for first, _ in some)
        lasts = statistics.median(last for _, last in some)
        table.add_row(
            name,
            *(
                f"{s * 1e3:.1f}"
                for s in (statistics.median(firsts), firsts[len(firsts) * 95 // 100], lasts)
            ),
        )
    console.print(table)


def lookups(lines: int, console: Console) -> None:
    """Time TimeMaps and TimeGates over an index of ``lines`` lines, and one of 10,000 captures."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder)
        (archive / "warc").mkdir()
        cdxj.write(archive / cdxj.INDEX, _entries(lines))
        port = free_port()
        with serving(ours(archive, port), port, archive):
            chosen = random.Random(1).choices(range(lines // 5), k=300)
            asked = {
                "TimeMap of an address (5 captures)": [
                    f"/web/timemap/link/http://portal.test/news/{n}/" for n in chosen
                ],
                "TimeGate": [f"/web/http://portal.test/news/{n}/" for n in chosen],
                "TimeMap of 10,000 captures": ["/web/timemap/link/http://portal.test/"] * 5,
            }
            table = Table(f"among {lines:,} lines", "p50 ms", "p95", "first byte p50")
            for name, paths in asked.items():
                first_byte(port, paths[0])
                times = [first_byte(port, path) for path in paths]
                assert all(answer[9:12] in (b"200", b"302") for _, _, answer in times)
                lasts = sorted(last for _, last, _ in times)
                firsts = statistics.median(first for first, _, _ in times)
                middle, high = statistics.median(lasts), lasts[len(lasts) * 95 // 100]
                table.add_row(name, *(f"{s * 1e3:.1f}" for s in (middle, high, firsts)))
    console.print(table)


def _entries(lines: int) -> Iterator[Entry]:
    digest = "sha256:" + "0" * 64
    for number in range(lines):
        page, seen = divmod(number, 5)
        url = f"http://portal.test/news/{page}/"
        key = f"test,portal)/news/{page}"
        yield Entry(key, f"202603{seen + 1:02}120000", url, "text/html", "200", digest, 1, 1, "w")
    for number in range(10_000):
        stamp = f"2025{1 + number // 840:02}{1 + number // 30 % 28:02}{number % 24:02}{number % 60:02}{number // 100 % 60:02}"
        yield Entry(
            "test,portal)/", stamp, "http://portal.test/", "text/html", "200", digest, 1, 1, "w"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--without-pywb", action="store_true")
    options = parser.parse_args()
    console = Console(width=100)
    lookups(options.lines, console)
    pages(options.pages, not options.without_pywb, console)


if __name__ == "__main__":
    main()
