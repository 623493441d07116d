"""What a crawl costs a site and notices; a plain crawl beside Scrapy with its LinkExtractor.

The first table is counted by the demo portal, grown to 1,000 stories: the first crawl, a second
one of the unchanged site, and what a due one a day later notices of 42 changes. Then speed:
``python -m benchmarks.crawl [--articles 320] [--rounds 3]``: both crawl the demo portal on
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
    print(f"| changes noticed | {sum(figures.noticed.values())} ({changes}) | 42 |\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=__doc__)
    parser.add_argument("--articles", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stories", type=int, default=1000, help="of the first table; 0: none")
    options = parser.parse_args()
    if options.stories:
        with tempfile.TemporaryDirectory() as folder:
            tell(measure(Path(folder), options.stories))
    few, many = 12, options.articles
    with PortalSite(options.articles) as site:
        costs: dict[str, list[Cost]] = {"morestories": [], "scrapy + LinkExtractor": []}
        for _ in range(options.rounds):
            for name, run in zip(costs, (ours, stock), strict=True):
                costs[name].append(run(site, many).less(run(site, few)))
    pages = many - few
    best = {
        name: (
            pages / min(one.wall for one in measured),
            pages / min(one.cpu for one in measured),
        )
        for name, measured in costs.items()
    }
    base = best["scrapy + LinkExtractor"]
    print("| | pages/s | ratio | pages per CPU s | ratio |\n|---|---:|---:|---:|---:|")
    for name, (wall, cpu) in best.items():
        print(f"| {name} | {wall:.0f} | {wall / base[0]:.2f} | {cpu:.0f} | {cpu / base[1]:.2f} |")


if __name__ == "__main__":
    main()
