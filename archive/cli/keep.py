"""The archivist's commands: is all that was kept still whole, and what did a crash leave?"""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from archive.cli.common import (
    DEFAULT_ARCHIVE,
    ArchiveOption,
    Exit,
    err,
    existing,
    on_terminal,
    out,
)
from archive.errors import DamagedRecord
from archive.ledger import Ledger
from archive.warc.recover import Recovered
from archive.warc.recover import recover as recover_archive
from archive.warc.verify import Report
from archive.warc.verify import verify as verify_archive

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]


def register(app: typer.Typer) -> None:
    """Add ``verify`` and ``recover``."""
    app.command()(verify)
    app.command()(recover)


def verify(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare every line of the index with its record too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that every kept record is still what was written.

    Reads every record of every WARC: gzip members, block and payload
    digests, the originals of revisits; then each sealed file's size and
    SHA-256 in [bold]fixity.jsonl[/], and that file's own chain of hashes.
    Changes nothing. Says which file is damaged, at which byte, and what
    can be done.

    Exit code 0: all is whole. 9: something is damaged.
    """
    folder = existing(archive)
    size = sum(path.stat().st_size for path in (folder / "warc").glob("*.warc*"))
    bar = _bar() if on_terminal() and not as_json else None
    with bar or nullcontext():
        task = bar.add_task("reading", total=size) if bar else None

        def step(count: int) -> None:
            if bar is not None and task is not None:
                bar.advance(task, count)

        report = verify_archive(folder, deep=deep, progress=step)
    with closing(Ledger(folder)) as ledger:
        figures = {"files": report.files, "records": report.records, "bytes": report.bytes}
        ledger.note_check("verify", datetime.now(UTC), len(report.damages), figures)
    if as_json:
        out.print_json(json.dumps(asdict(report) | {"whole": not report.damages}))
    else:
        _print_report(report)
    if report.damages:
        raise typer.Exit(Exit.DAMAGED)


def recover(archive: ArchiveOption = DEFAULT_ARCHIVE, as_json: JsonOption = False) -> None:
    """Seal the WARCs that a crash left open; lose no whole record.

    A file whose crawl still runs is left alone. A torn last record is
    moved to a file of its own ([bold].torn[/]) beside the WARC. Damage
    further up stays where it is: readers step over it. What was sealed but
    never listed gets its line in the manifest and its place in the index.
    Running it again does nothing more.

    Exit code 0: nothing was lost. 9: damage was found; each place is named.
    """
    results = recover_archive(existing(archive))
    if as_json:
        out.print_json(json.dumps([_as_dict(result) for result in results]))
    else:
        _print_recovered(results)
    if any(result.damages for result in results):
        raise typer.Exit(Exit.DAMAGED)


def _bar() -> Progress:
    return Progress(
        "[progress.description]{task.description}",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def _print_report(report: Report) -> None:
    counts = {
        "WARC files": report.files,
        "records": report.records,
        "bytes": report.bytes,
        "digests compared": report.digests,
        "could not be compared": report.unchecked,
        "revisits": report.revisits,
    }
    for what, count in counts.items():
        out.print(f"{what:<27}{count:>15,}")
    for name in report.unfinished:
        out.print(f"being written now: {escape(name)}", soft_wrap=True)
    if not report.damages:
        out.print("[green]All is whole.[/] Note the manifest's last hash somewhere else:")
        out.print(report.chain, soft_wrap=True)
        return
    for damage in report.damages:
        at = "" if damage.offset is None else f" at byte {damage.offset:,}"
        line = f"[red]{escape(damage.file)}{at}[/]: {escape(damage.what)}; {escape(damage.remedy)}"
        out.print(line, soft_wrap=True)
    out.print(f"[bold red]{len(report.damages):,} damages[/]")


def _print_recovered(results: list[Recovered]) -> None:
    if not results:
        out.print("Nothing to recover: every WARC is sealed and listed.")
        return
    table = Table("file", "done", "records", "torn bytes", "kept in")
    for result in results:
        aside = result.aside.name if result.aside else ""
        cut = str(result.cut) if result.cut else ""
        table.add_row(escape(result.warc), result.done, f"{result.records:,}", cut, escape(aside))
    out.print(table)
    for result in results:
        for damage in result.damages:
            out.print(f"[red]damaged:[/] {escape(str(damage))}", soft_wrap=True)


def _as_dict(result: Recovered) -> dict[str, Any]:
    aside = str(result.aside) if result.aside else None
    damages = [_place(damage) for damage in result.damages]
    return {
        "warc": result.warc,
        "done": result.done,
        "records": result.records,
        "cut": result.cut,
        "aside": aside,
        "damages": damages,
    }


def _place(damage: DamagedRecord) -> dict[str, Any]:
    return {"file": damage.warc, "offset": damage.offset, "what": damage.what}
