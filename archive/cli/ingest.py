"""``morestories ingest`` and ``morestories rebuild``: WARC files → tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, on_terminal, out
from archive.errors import BadSetting
from archive.ingest import Event, Ingest, Report
from archive.rebuild import rebuild as make_again
from archive.store.connection import share

Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
Workers = Annotated[
    int | None, typer.Option(help="Processes that read pages; as many as there are cores.", min=1)
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(ingest)
    app.command()(rebuild)


def ingest(
    warcs: Annotated[
        list[Path] | None,
        typer.Argument(help="WARC files, .warc or .warc.gz; anybody's.", metavar="[WARC]..."),
    ] = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    catalog: Annotated[
        str,
        typer.Option(
            metavar="postgresql://…",
            envvar="MORESTORIES_CATALOG",
            help="Keep the tables in this PostgreSQL database, which machines share. Needed once: "
            "lake.toml in the archive's folder remembers it. Passwords: PGPASSWORD or ~/.pgpass.",
        ),
    ] = "",
    data: Annotated[
        str,
        typer.Option(
            metavar="s3://…|DIR",
            envvar="MORESTORIES_DATA",
            help="With --catalog: where the Parquet files are. Keys: AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY; AWS_ENDPOINT_URL for a server of one's own.",
            show_default="lake/ in the archive's folder",
        ),
    ] = "",
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Read WARC files into the archive's tables.

    Without files, whatever in the archive's own warc/ is not in the tables yet (after a crash,
    say). With files, they are copied into warc/ and read; a file that is there already adds
    nothing. It is safe to stop and to run again: no row is lost, none comes twice.

    With --catalog, the tables are in a lake that several machines write to and read
    (docs/operating.md); WARC files and the search index stay in the archive's folder.
    """
    if data and not catalog:
        raise BadSetting("--data is for a shared lake: name its --catalog postgresql://…, too")
    if catalog:
        share(archive, catalog, data)
    folder = archive.resolve() if warcs else existing(archive)
    with _stoppable(), _Progress() as progress:
        report = Ingest(folder, workers=workers, on_event=progress).run(warcs)
    _close(report, folder, as_json)


def rebuild(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Make the tables and the search index again from the WARC files alone.

    The rows come out as they were. The old tables stay in use until the new ones are whole.
    """
    folder = existing(archive)
    if not (folder / "warc").is_dir():
        raise BadSetting(f"no folder warc/ in {folder}: there is nothing to rebuild from")
    with _stoppable(), _Progress() as progress:
        report = make_again(folder, workers=workers, on_event=progress)
    _close(report, folder, as_json)


def say_waiting() -> None:
    """Tell a person why nothing happens."""
    err.print("Another ingest is writing to this archive: waiting for it to finish.")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let Ctrl-C end a run in order: what was landed stays, the rest is read next time."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("stopped: what was landed stays, and the next `morestories ingest` goes on there")
        raise typer.Exit(Exit.INTERRUPTED) from None


class _Progress:
    """A live line on a terminal; elsewhere only what must be said."""

    def __init__(self) -> None:
        self._live = Live(console=err, transient=True) if on_terminal() else None

    def __enter__(self) -> _Progress:
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.__exit__(None, None, None)

    def __call__(self, event: Event) -> None:
        if event.kind == "waiting":
            say_waiting()
        elif event.kind == "rebuilding":
            err.print("The tables are of an older version: reading the WARC files again.")
        elif self._live:
            self._live.update(Text(line(event.report)))


def line(report: Report) -> str:
    """Return one line that says how far an ingest is."""
    return (
        f"{report.total:,} captures · {report.new:,} new stories · {report.changed:,} changed · "
        f"{sum(report.links.values()):,} links · {report.bytes / 1e6:,.1f} MB"
    )


def _close(report: Report, folder: Path, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps(asdict(report), ensure_ascii=False))
    else:
        out.print(summary(report, folder))
    if report.outcomes.get("damaged"):
        raise typer.Exit(Exit.PARTLY)


def summary(report: Report, folder: Path) -> Table:
    """Return the closing table of an ingest."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("captures", f"{report.total:,}  {_counts(report.captures)}")
    table.add_row(
        "stories",
        f"{report.new:,} new, {report.changed:,} changed, {report.unchanged:,} seen unchanged",
    )
    table.add_row("links", f"{sum(report.links.values()):,}  {_counts(report.links)}")
    table.add_row("not stories", f"{sum(report.outcomes.values()):,}  {_counts(report.outcomes)}")
    table.add_row("read", f"{report.bytes / 1e6:,.1f} MB from {report.warcs} WARC files")
    table.add_row("archive", str(folder))
    return table


def _counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {number:,}" for name, number in ordered)
