"""``morestories crawl``: fetch, keep and read portals, and say what came of it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, exit_of, on_terminal, out
from archive.errors import ArchiveError
from archive.ingest import Event, Ingest, Report
from archive.ledger import Ledger
from archive.store.counts import stories_of
from crawler.entry import Entry, Order
from crawler.plan import plan
from crawler.portal import Declaration, all_declarations, find

QUIET_EVERY = 10.0  # seconds between two lines where nobody watches
DRAW_EVERY = 0.25


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(crawl)


def crawl(
    targets: Annotated[
        list[str],
        typer.Argument(help="Ids of portals, or addresses: a new site is looked at and added."),
    ],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    max_pages: Annotated[
        int | None, typer.Option(min=1, help="Stop each portal after so many requests.")
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Stop each portal after so many minutes.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Walk every listing to its end, not only the new part.")
    ] = False,
    due: Annotated[
        bool,
        typer.Option("--due", help="Fetch only what is due by now; listings at their own pace."),
    ] = False,
    frontier: Annotated[
        str, typer.Option(help="Another frontier, as an SQLAlchemy URL (postgresql://…).")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be fetched first and why; ask nobody.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
    planned: Annotated[
        datetime | None,
        typer.Option(hidden=True, formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]),
    ] = None,
    missed: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Crawl portals into WARC files and land their articles in DuckDB while it runs.

    Every exchange is kept byte for byte under DIR/warc. Run it again to get what is new: it reads
    the listings first and asks for known stories only when they are due; with --due it reads a
    listing too only when its time has come, which its rate of new stories sets. Ctrl-C finishes what is
    in flight and seals; a second Ctrl-C stops at once, and nothing that was kept is lost.

    [bold]Examples[/]

      morestories crawl https://himkhabar.example/

      morestories crawl himkhabar --max-pages 200 --archive ./news
    """
    folder = archive.resolve()
    portals = [_portal(target, folder) for target in dict.fromkeys(targets)]
    if dry_run:
        rows = [row for one in portals for row in plan(one, folder, frontier, due_only=due)]
        out.print_json(json.dumps(rows, ensure_ascii=False)) if as_json else _print_plan(rows)
        return
    order = Order(max_pages, max_minutes, full, frontier, planned, missed, due)
    run = CrawlRun(folder, portals, order)
    code = run.go()
    if as_json:
        out.print_json(json.dumps(run.summary(), ensure_ascii=False))
    else:
        out.print(run.closing())
    # A budget of the command line was asked for: reaching it is all well.
    if code is Exit.BUDGET and (max_pages is not None or max_minutes is not None):
        code = Exit.OK
    raise typer.Exit(code)


def _portal(target: str, archive: Path) -> Declaration:
    """Return the declaration for an id or an address; an unknown address is probed and added."""
    if "://" not in target and ("." not in target or (archive / f"portals/{target}.toml").exists()):
        return find(target, archive)
    from crawler.cli.portal import add_portal

    url = target if "://" in target else f"https://{target}"
    known = [portal for portal in all_declarations(archive) if portal.covers(url)]
    return known[0] if known else add_portal(url, archive)


def _print_plan(due: list[dict[str, str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("portal", "kind", "why"):
        table.add_column(name, no_wrap=True)
    table.add_column("url", overflow="fold")
    for row in due:
        table.add_row(row["portal"], row["kind"], row["why"], row["url"])
    out.print(table)
    out.print(f"{len(due):,} addresses now, and what they lead to")


class CrawlRun:
    """Crawls as child processes, and the reader that lands their captures meanwhile."""

    def __init__(self, archive: Path, portals: list[Declaration], order: Order) -> None:
        self._archive = archive
        self._portals = portals
        self._order = order
        self._entries: list[Entry] = []
        self._done = threading.Event()
        self._ingest = Ingest(archive, on_event=self._heard)
        self._landed = Report()
        self._failure: ArchiveError | None = None
        self._stops = 0
        self._started = time.monotonic()
        self._codes: list[Exit] = []
        self._articles: dict[str, dict[str, int]] = {}

    def go(self) -> Exit:
        """Run to the end and return the worst cause.

        Raises ``ArchiveBusy`` before anything is started if one of the portals is being crawled.
        """
        (self._archive / "warc").mkdir(parents=True, exist_ok=True)
        handlers = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        ledger = Ledger(self._archive)
        try:
            for portal in self._portals:
                self._entries.append(Entry(self._archive, portal, ledger, self._order))
            self._crawl_and_land()
        finally:
            for entry in self._entries:
                entry.process.stop(now=True)
                entry.close()
            ledger.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if self._failure is not None:
            raise self._failure
        # A crawl that was stopped before it could say so, or at once, was stopped all the same.
        return Exit.INTERRUPTED if self._stops else max(self._codes, key=_severity)

    def _crawl_and_land(self) -> None:
        for entry in self._entries:
            entry.start(datetime.now(UTC))
        if any(entry.started for entry in self._entries):
            reader = threading.Thread(target=self._read, daemon=True)
            reader.start()
            self._watch(self._crawls_on)
            self._codes = [entry.wait() for entry in self._entries]
            self._done.set()
            self._watch(lambda: reader.is_alive() and self._stops < 2)
        self._codes = [entry.wait() for entry in self._entries]
        self._articles = stories_of(self._archive, [entry.crawl for entry in self._entries])
        failed = exit_of(self._failure) if self._failure else None
        for entry in self._entries:
            entry.end(datetime.now(UTC), self._articles.get(entry.crawl, {}), failed)

    def _crawls_on(self) -> bool:
        for entry in self._entries:
            entry.process.stop_if_silent(time.monotonic())
        return any(entry.process.running for entry in self._entries)

    def _heard(self, event: Event) -> None:
        if event.kind == "rebuilding":
            err.print("The tables are of an older version: reading the WARC files again.")
        elif event.kind == "waiting":
            err.print("another process lands the rows of this archive, these too")
        self._landed = event.report

    def _read(self) -> None:
        try:
            self._landed = self._ingest.follow(self._done)
        except ArchiveError as error:
            self._failure = error

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1
        for entry in self._entries:
            entry.process.stop(now=self._stops > 1)
        if self._stops == 1:
            err.print("finishing what is in flight and sealing; Ctrl-C again stops at once")

    def _watch(self, going_on: Any) -> None:
        if on_terminal():
            with Live(self._line(), console=err, transient=True, refresh_per_second=8) as live:
                while going_on():
                    live.update(self._line())
                    time.sleep(DRAW_EVERY)
            return
        said = time.monotonic()
        while going_on():
            time.sleep(0.05)
            if time.monotonic() - said > QUIET_EVERY:
                said = time.monotonic()
                err.print(self._line(), soft_wrap=True)

    def _line(self) -> Text:
        figures, landed = self._figures(), self._landed
        seconds = time.monotonic() - self._started
        line = Text.assemble(
            (_clock(seconds), "dim"),
            f"  {figures['pages']:,} pages",
            f"  {figures['bytes'] / 1e6:,.1f} MB",
            (f"  {landed.new:,} articles", "bold green"),
        )
        if figures["queued"]:
            line.append(f"  {figures['queued']:,} to go", "dim")
        if failed := sum(figures["failures"].values()):
            line.append(f"  {failed:,} failed", "yellow")
        return line

    def _figures(self) -> dict[str, Any]:
        """Add up what the crawls told."""
        captures: Counter[str] = Counter()
        failures: Counter[str] = Counter()
        plain: Counter[str] = Counter()
        for one in (entry.process for entry in self._entries):
            captures.update(one.figures.get("captures", {}))
            failures.update(one.figures.get("failures", {}))
            plain.update(
                {k: one.figures.get(k, 0) for k in ("pages", "revisits", "bytes", "queued")}
            )
        return {**plain, "captures": dict(sorted(captures.items())), "failures": dict(failures)}

    def summary(self) -> dict[str, Any]:
        """Return the closing summary as plain values."""
        landed = self._landed
        figures = self._figures()
        figures.pop("queued")
        articles: Counter[str] = Counter({"new": 0, "changed": 0, "unchanged": 0})
        for found in self._articles.values():
            articles.update(found)
        runs = [entry.process for entry in self._entries if entry.started]
        return figures | {
            "portals": [portal.id for portal in self._portals],
            "seconds": round(time.monotonic() - self._started, 1),
            "articles": dict(articles),
            "links": dict(landed.links),
            "outcomes": dict(landed.outcomes),
            "causes": [
                cause for entry in self._entries if (cause := entry.process.figures.get("cause"))
            ],
            "archive": str(self._archive),
            "logs": [str(run.log) for run in runs],
            "exit": {
                portal.id: code.name.lower()
                for portal, code in zip(self._portals, self._codes, strict=False)
            },
        }

    def closing(self) -> Table:
        """Return the closing summary for a person."""
        told = self.summary()
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold")
        grid.add_column(overflow="fold")
        articles = told["articles"]
        rows = [
            (
                "pages",
                f"{told['pages']:,} in {_clock(told['seconds'])}, {told['bytes'] / 1e6:,.1f} MB kept",
            ),
            ("captures", _counts(told["captures"], f"{told['revisits']:,} revisits")),
            (
                "articles",
                f"{articles['new']:,} new, {articles['changed']:,} changed, {articles['unchanged']:,} unchanged",
            ),
            ("links", _counts(told["links"])),
            ("failures", _counts(told["failures"])),
            ("not stories", _counts(told["outcomes"])),
            ("ended", ", ".join(f"{portal}: {cause}" for portal, cause in told["exit"].items())),
            ("because", "\n".join(told["causes"])),
            ("archive", told["archive"]),
            ("logs", "\n".join(told["logs"])),
            ("next", "morestories queries · morestories query newest · morestories search WORDS"),
        ]
        for name, text in rows:
            if text:
                grid.add_row(name, text)
        return grid


def _severity(code: Exit) -> int:
    order = (Exit.OK, Exit.NOTHING, Exit.BUDGET, Exit.PARTLY, Exit.ROBOTS, Exit.UNREACHABLE)
    return order.index(code) if code in order else len(order) + int(code)


def _counts(counts: dict[str, int], more: str = "") -> str:
    told = [f"{name} {n:,}" for name, n in counts.items() if n]
    return ", ".join([*told, more] if more and not more.startswith("0 ") else told)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
