"""What a crawl costs a site and notices; a plain crawl beside Scrapy with its LinkExtractor.

    python -m benchmarks.crawl [--stories 1000] [--articles 320] [--rounds 3]

The first table is counted by the demo portal, grown to ``--stories``: the first crawl, a second
one of the unchanged site, and what a due one a day later notices of 42 changes. ``--stories 0``
leaves it out.

Then speed, which ``--rounds 0`` leaves out: both crawl the demo portal of ``--articles`` stories on
loopback, eight requests in flight, no delay, in turn. Ours keeps every exchange in a WARC, claims
from the frontier and types each link; Scrapy follows the same number of pages with LinkExtractor
and keeps nothing. Pages per second of wall and of CPU; start-up is left out, as a crawl of a
dozen pages measures it. The least of the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.crawler.figures import Figures, measure
from tests.portal_site.server import PortalSite

STOCK = "scrapy + LinkExtractor"
FEW = 12  # pages of a crawl that is mostly start-up


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and of CPU (user and system, all of the process)."""

    wall: float
    cpu: float

    def less(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def cost(command: list[str]) -> Cost:
    """Run a command to its end and return what it took."""
    before, began = os.times(), time.monotonic()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Cost(time.monotonic() - began, cpu)


def ours(site: PortalSite, pages: int) -> Cost:
    """Crawl into a fresh archive."""
    with tempfile.TemporaryDirectory() as folder:
        portal = {
            "id": "demo",
            "home": site.url,
            "delay": 0,
            "concurrency": 8,
            "private_addresses": ["127.0.0.1"],
            "feeds": ["/feed/"],
            "sitemaps": ["/wp-sitemap.xml"],
            "skip": ["server-truti", "adhuri-khabar"],  # their retries would be waited for
        }
        path = Path(folder, "portals", "demo.toml")
        path.parent.mkdir()
        path.write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in portal.items()))
        command = [sys.executable, "-m", "crawler.run", "demo", "--archive", folder]
        return cost([*command, "--max-pages", str(pages), "--log-level", "ERROR"])


def stock(site: PortalSite, pages: int) -> Cost:
    """Crawl with Scrapy as it comes."""
    return cost([sys.executable, "-m", "benchmarks._stock", site.url, str(pages)])


def tell(figures: Figures) -> None:
    """Print what was counted beside what it must be."""
    share = figures.again_bytes / figures.body_bytes
    changes = ", ".join(f"{count} {name}" for name, count in figures.noticed.items())
    print(f"| {figures.stories:,} stories | measured | at most, or exactly |\n|---|---:|---:|")
    print(f"| recall | {figures.recall:.3f} | 1.000 |")
    print(f"| requests a story | {figures.each:.2f} | 1.40 |")
    print(f"| trap requests | {figures.traps / figures.requests:.1%} | 2.0% |")
    print(f"| bytes of a second crawl | {share:.1%} | 10.0% |")
    print(f"| changes noticed | {sum(figures.noticed.values())} ({changes}) | 42 |\n", flush=True)


def race(articles: int, rounds: int) -> dict[str, list[Cost]]:
    """Let both crawl in turn; return what each round of each took beyond its start-up."""
    runners = {"morestories": ours, STOCK: stock}
    costs: dict[str, list[Cost]] = {name: [] for name in runners}
    with PortalSite(articles) as site:
        for number in range(rounds):
            for name, run in runners.items():
                costs[name].append(run(site, articles).less(run(site, FEW)))
                wall = costs[name][-1].wall
                said = f"round {number + 1}: {name}, {(articles - FEW) / wall:.0f} pages/s"
                print(said, file=sys.stderr, flush=True)
    return costs


def compare(costs: dict[str, list[Cost]], pages: int) -> None:
    """Print the best round of each."""
    best = {
        name: (pages / min(one.wall for one in took), pages / min(one.cpu for one in took))
        for name, took in costs.items()
    }
    base = best[STOCK]
    print("| | pages/s | ratio | pages per CPU s | ratio |\n|---|---:|---:|---:|---:|")
    for name, (wall, cpu) in best.items():
        print(f"| {name} | {wall:.0f} | {wall / base[0]:.2f} | {cpu:.0f} | {cpu / base[1]:.2f} |")


def main() -> None:
    """Print each table as soon as it is known."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.crawl",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stories", type=int, default=1000, help="of the first table; 0: none")
    parser.add_argument("--articles", type=int, default=320, help="of the race")
    parser.add_argument("--rounds", type=int, default=3, help="of the race; 0: none")
    options = parser.parse_args()
    if options.stories:
        with tempfile.TemporaryDirectory() as folder:
            tell(measure(Path(folder), options.stories))
    if options.rounds:
        compare(race(options.articles, options.rounds), options.articles - FEW)


if __name__ == "__main__":
    main()
