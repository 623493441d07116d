"""``morestories maintain``: the daily housekeeping of an archive."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
from rich.table import Table

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, on_terminal, out
from archive.cli.export import size_of
from archive.ledger import Ledger
from archive.store.faults import fault
from archive.upkeep import DAYS, Upkeep, keep_up, steps


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(maintain)


def maintain(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    days: Annotated[
        int, typer.Option(min=1, help="Run daily, every kept file is read again within so many.")
    ] = DAYS,
    slice_: Annotated[
        str | None,
        typer.Option("--slice", help="Read so much again, such as 2GB; 0 reads nothing."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Do the housekeeping: run it daily (`schedule run` does), at any time, beside anything.

    Seals what a crash left; lands and indexes what is not yet; merges the tables' small files, if
    nobody reads them (new questions wait a moment); reads a slice of the WARC files again and
    compares every digest, so that all are read every 180 days. What cannot be done now is named
    and left to the next time. Where the slice ended is in [bold]verified.json[/].

    Exit code 0: all is well. 1: something was left to the next time. 9: something is damaged.
    """
    folder, now = existing(archive), datetime.now(UTC)
    most = None if slice_ is None else 0 if slice_.strip() == "0" else size_of(slice_)
    bar = _bar() if on_terminal() and not as_json else None
    with bar or nullcontext():
        task = bar.add_task("", total=None) if bar else None

        def step(what: str, size: int) -> None:
            if bar is not None and task is not None:
                bar.update(task, description=what, total=size or None)

        def read(count: int) -> None:
            if bar is not None and task is not None:
                bar.advance(task, count)

        try:
            done = keep_up(folder, now, days=days, most=most, on_step=step, progress=read)
        except duckdb.Error as error:
            raise fault(folder, error) from error
    _note(folder, now, days, done)
    _show(done, as_json)
    if done.damages or any(one.damages for one in done.recovered):
        raise typer.Exit(Exit.DAMAGED)
    if done.left:
        raise typer.Exit(Exit.PARTLY)


def _note(folder: Path, now: datetime, days: int, done: Upkeep) -> None:
    """Note the run; and as a verification, once every file was read within ``days``."""
    figures = {"files": done.files, "bytes": done.bytes, "left": dict(done.left)}
    whole = done.oldest is not None and (now - done.oldest).days <= days
    with closing(Ledger(folder)) as ledger:
        ledger.note_check("maintain", now, len(done.damages), figures)
        if done.damages or whole:
            ledger.note_check("verify", now, len(done.damages), figures)


def _show(done: Upkeep, as_json: bool) -> None:
    if as_json:
        told = asdict(done) | {
            "recovered": [one.warc for one in done.recovered],
            "oldest": done.oldest and done.oldest.isoformat(),
        }
        out.print_json(json.dumps(told, ensure_ascii=False))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for what, how in steps(done):
        table.add_row(what, escape(how))
    out.print(table)
    for damage in done.damages:
        at = "" if damage.offset is None else f" at byte {damage.offset:,}"
        line = f"[red]{escape(damage.file)}{at}[/]: {escape(damage.what)}; {escape(damage.remedy)}"
        out.print(line, soft_wrap=True)


def _bar() -> Progress:
    columns = ("[progress.description]{task.description}", BarColumn(), DownloadColumn())
    return Progress(*columns, TimeRemainingColumn(), console=err, transient=True)
