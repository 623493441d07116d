"""Whether a rebuild keeps all cores at work: ``python -m benchmarks.rebuild [--captures 10000]``.

Pages of ``../shared/data``, each under many addresses with a figure of its own in its title (made-up
pages where that is absent), are written by the real writer and read by the real ``rebuild``.

On a machine with other work the share of all cores says little, so two more figures are printed:
the share of their time that readers slept, waiting for a page, and that this process, which feeds
them and lands their rows, slept.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from archive.capture import About, Exchange
from archive.link import LinkKind
from archive.portal import Portal
from archive.rebuild import rebuild
from archive.warc.writer import WarcWriter

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
START = datetime(2026, 1, 1, tzinfo=UTC)
PORTALS = 5
GOAL = 0.85  # of all cores, for 10,000 captures
SAMPLE = 0.05  # seconds between two looks at the processes
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--captures", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = write(Path(folder), given.captures)
        print(f"{given.captures:,} captures of {size / given.captures / 1000:.0f} KB", flush=True)
        with Processes() as processes:
            began = time.perf_counter()
            report = rebuild(Path(folder))
            wall = time.perf_counter() - began
    cores = len(os.sched_getaffinity(0))
    cpu = sum(processes.cpu.values())
    own = processes.cpu[os.getpid()]
    print(f"stories {report.new:,}, {given.captures / wall:.0f} captures/s, {wall:.1f} s")
    print(f"CPU {cpu:.1f} s, of which this process {own:.1f}")
    print(
        f"share of {cores} cores over the whole command {cpu / (wall * cores):.1%} (goal {GOAL:.0%})"
    )
    print(f"readers waited for pages {processes.slept('reader'):.1%} of their time")
    print(f"this process waited {processes.slept('own'):.1%} of its time")


def write(archive: Path, captures: int) -> int:
    """Write ``captures`` pages as a crawl of several portals does; return their size in bytes."""
    pages = list(_pages())
    size = 0
    for portal in range(PORTALS):
        of = Portal(f"portal-{portal}", "", f"https://portal-{portal}.test/", "Asia/Kolkata", "hi")
        info = {"software": "morestories", "morestories-crawl": "bench", **of.to_warcinfo()}
        with WarcWriter(archive / "warc", portal=of.id, info=info) as writer:
            for number in range(portal, captures, PORTALS):
                own = f"<title>{number} ".encode()
                body = pages[number % len(pages)].replace(b"<title>", own, 1)
                size += len(body)
                writer.write(_exchange(of, number, body))
    return size


def _exchange(portal: Portal, number: int, body: bytes) -> Exchange:
    url = f"{portal.home}khabar/{number}/"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    return Exchange(
        url,
        START + timedelta(seconds=number),
        f"GET {url} HTTP/1.1\r\n\r\n".encode(),
        head.encode(),
        body,
        about=About(portal.id, portal.home, LinkKind.FEED, 1, "allowed"),
    )


def _pages() -> Iterator[bytes]:
    found = sorted(SHARED.glob("*/html/*.html.gz"))
    for path in found:
        yield gzip.decompress(path.read_bytes())
    for number in range(0 if found else 100):
        words = " ".join(f"शब्द{number * place % 997}" for place in range(1, 400))
        yield (
            f"<html lang=hi><head><title>खबर</title></head><body><article><h1>खबर {number}</h1>"
            f"<p>{words}।</p></article>{'<a href=/khabar/1/>और</a>' * 300}</body></html>".encode()
        )


class Processes:
    """What this process and those below it do, seen in /proc while the context lasts.

    ``cpu`` is seconds by process id; readers are the grandchildren, which the fork server starts.
    """

    def __init__(self) -> None:
        self.cpu: dict[int, float] = {}
        self._seen: Counter[tuple[str, bool]] = Counter()
        self._before = sum(os.times()[:2])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.cpu[os.getpid()] = sum(os.times()[:2]) - self._before

    def slept(self, who: str) -> float:
        """Return the share of looks at which ``who`` ("reader", "own") was neither running nor ready."""
        asleep, awake = self._seen[who, True], self._seen[who, False]
        return asleep / max(1, asleep + awake)

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE):
            children = _children(os.getpid())
            grandchildren = list(itertools.chain.from_iterable(map(_children, children)))
            for pid in (*children, *grandchildren):
                if stat := _stat(pid):
                    self.cpu[pid] = (int(stat[11]) + int(stat[12])) / TICKS
                    if pid in grandchildren:
                        self._seen["reader", stat[0] == "S"] += 1
            if stat := _stat(os.getpid(), threads=True):
                self._seen["own", stat[0] == "S"] += 1


def _stat(pid: int, *, threads: bool = False) -> list[str]:
    """Return the fields of /proc/PID/stat after the name; with ``threads`` the busiest's, but ours."""
    own = str(threading.get_native_id())
    places = [Path(f"/proc/{pid}/stat")]
    if threads:
        places = [p / "stat" for p in Path(f"/proc/{pid}/task").iterdir() if p.name != own]
    found: list[str] = []
    for place in places:
        try:
            fields = place.read_text().rpartition(") ")[2].split()
        except OSError:  # ended a moment ago
            continue
        found = fields if not found or fields[0] != "S" else found
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(c) for task in tasks for c in (task / "children").read_text().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main()
