"""``morestories runs``: what the ledger tells of crawls."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, existing, out
from archive.errors import BadSetting
from archive.ledger import Ledger, Run
from crawler.story import Line, read_story

runs_app = typer.Typer(no_args_is_help=True, help="Every crawl there was: why it ended, what came.")
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    runs_app.command("list")(history)
    app.add_typer(runs_app, name="runs")


def history(
    portal: Annotated[str, typer.Argument(help="Of this portal alone.")] = "",
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Show the runs there were, newest first; started by schedule or by hand."""
    with closing(Ledger(known(archive))) as ledger:
        runs = ledger.runs(portal, most=most)
    if as_json:
        out.print_json(json.dumps([as_values(run) for run in runs], ensure_ascii=False))
    elif runs:
        out.print(_table(runs))
    else:
        out.print("no run yet")
    raise typer.Exit(Exit.OK if runs else Exit.NOTHING)


@runs_app.command()
def show(
    number: Annotated[int, typer.Argument(help="The run's id, from `runs list`.", metavar="ID")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="Lines of its log, the last ones.")
    ] = 20,
    level: Annotated[
        str, typer.Option(help="Only lines of this level: debug, info, warning, error.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show one run: when and why, its figures, errors by cause, and the end of its story.

    Every line of a log that is about an address leads to its capture: WARC file and byte.
    """
    folder = known(archive)
    with closing(Ledger(folder)) as ledger:
        run = ledger.run(number)
    if run is None:
        raise BadSetting(f"no run {number} in {folder}: `morestories runs list` shows all")
    told = read_story((folder / run.log).with_suffix(".jsonl"), level) if run.log else []
    last = told[-lines:] if lines else []
    if as_json:
        values = as_values(run) | {"lines": [line.values() for line in last]}
        out.print_json(json.dumps(values, ensure_ascii=False))
        return
    out.print(_grid(run, folder))
    for line in last:
        out.print(_said(line), soft_wrap=True, markup=False)


def known(archive: Path) -> Path:
    """Return the archive's folder, absolute; ``BadSetting`` if neither portals nor WARCs are there."""
    return archive.resolve() if (archive / "portals").is_dir() else existing(archive)


def as_values(run: Run) -> dict[str, Any]:
    """Return a run as plain values; times in ISO 8601, UTC."""
    return {
        "id": run.id,
        "portal": run.portal,
        "planned": _iso(run.planned),
        "missed": run.missed,
        "attempt": run.attempt,
        "started": _iso(run.started),
        "ended": _iso(run.ended),
        "exit": exit_word(run),
        "figures": dict(run.figures),
        "log": run.log,
    }


def exit_word(run: Run) -> str:
    """Return why a run ended, in a word."""
    return run.exit.name.lower() if run.exit is not None else "running"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _table(runs: list[Run]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("id", "portal", "started (UTC)", "for", "took", "exit"):
        table.add_column(name, no_wrap=True)
    for name in ("pages", "MB", "new", "changed", "failed"):
        table.add_column(name, justify="right")
    for run in runs:
        figures, articles = run.figures, run.figures.get("articles", {})
        table.add_row(
            str(run.id),
            run.portal,
            f"{run.started:%Y-%m-%d %H:%M:%S}",
            f"{run.planned:%H:%M}" if run.planned else "by hand",
            str(run.ended - run.started).partition(".")[0] if run.ended else "",
            exit_word(run),
            f"{figures.get('pages', 0):,}",
            f"{figures.get('bytes', 0) / 1e6:,.1f}",
            f"{articles.get('new', 0):,}",
            f"{articles.get('changed', 0):,}",
            f"{sum(figures.get('failures', {}).values()):,}",
        )
    return table


def _grid(run: Run, folder: Path) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    figures = run.figures
    planned = f"{run.planned:%Y-%m-%d %H:%M:%S} UTC" if run.planned else "by hand"
    more = [f"{run.missed} missed before it"] if run.missed else []
    more += [f"attempt {run.attempt}"] if run.attempt > 1 else []
    rows = (
        ("run", f"{run.id} of {run.portal}"),
        ("planned", ", ".join([planned, *more])),
        ("started", f"{run.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("ended", f"{run.ended:%Y-%m-%d %H:%M:%S} UTC" if run.ended else ""),
        ("exit", exit_word(run)),
        ("because", figures.get("cause", "")),
        ("budget", figures.get("budget", "")),
        ("pages", f"{figures.get('pages', 0):,}, {figures.get('bytes', 0) / 1e6:,.1f} MB kept"),
        ("captures", _counts(figures.get("captures", {}))),
        ("stories", _counts(figures.get("articles", {}))),
        ("failures", _counts(figures.get("failures", {}))),
        ("crawl", figures.get("crawl", "")),
        ("log", str(folder / run.log) if run.log else ""),
    )
    for name, text in rows:
        if text:
            grid.add_row(name, text)
    return grid


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.items() if n)


def _said(line: Line) -> str:
    at = f"  [{line.warc} at {line.offset}]" if line.warc else ""
    return f"{line.at:%H:%M:%S} {line.level:<7} {line.said}{at}"
