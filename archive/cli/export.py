"""``morestories export``: stories as one file, or the captures themselves for deposit and replay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import duckdb
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from archive import query as questions
from archive.answers import unwritable
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, on_terminal
from archive.cli.query import AsOfOption, opened
from archive.errors import BadSetting
from archive.export import Selection, count, export_articles
from archive.package.bag import write_bag
from archive.package.choice import Choice, choose, take
from archive.package.signing import Signer
from archive.package.sources import Source, sources
from archive.package.wacz import pages_of, write_wacz
from archive.package.warc import write_warc

_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", re.IGNORECASE)
_ENDLESS: Final = 2**62
_PAGES: Final = 10_000  # of one WACZ: a viewer loads the list whole
_SPLIT: Final = "2GB"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(export)


def export(
    file: Annotated[
        Path,
        typer.Argument(help="FILE.csv, .parquet, .jsonl, .duckdb, .wacz or .warc.gz; a new folder"),
    ],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    portal: Annotated[str | None, typer.Option(help="Only of this portal.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="From this day on: published; of captures, made.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Up to this day: published; of captures, made.")
    ] = None,
    all_revisions: Annotated[
        bool, typer.Option("--revisions", help="Every revision, not only the latest.")
    ] = False,
    as_of: AsOfOption = None,
    wacz: Annotated[bool, typer.Option("--wacz", help="Captures, to replay anywhere.")] = False,
    bagit: Annotated[
        bool, typer.Option("--bagit", help="Captures as a BagIt folder, for a deposit.")
    ] = False,
    warc: Annotated[
        bool, typer.Option("--warc", help="Captures as one WARC, records unchanged.")
    ] = False,
    crawl: Annotated[str | None, typer.Option(help="Captures of this crawl only.")] = None,
    query: Annotated[
        str | None,
        typer.Option(
            help="Captures that a question or a SELECT names: by capture, article or url."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help=f"Begin another file at this size; a WACZ at {_SPLIT} unless told."),
    ] = None,
    sign: Annotated[
        Path | None, typer.Option(help="Sign the WACZ with this private key (PEM, P-384).")
    ] = None,
    info: Annotated[
        list[str] | None, typer.Option(help="A line of bag-info.txt: 'Source-Organization: …'.")
    ] = None,
) -> None:
    """Write stories to a file, or captures as WACZ, WARC or BagIt.

    [bold]Stories[/] (.csv, .jsonl, .parquet, .duckdb): url, title, body, authors, dates, section,
    tags, … CSV is UTF-8 with a byte order mark, so that Excel and LibreOffice show Hindi right. A
    .duckdb file opens in any DuckDB client, with nothing else installed.

    [bold]Captures[/] (--wacz, --warc, --bagit, or a name that ends in .wacz or .warc.gz): the
    records as they are stored, with the images and stylesheets of the chosen pages and the
    originals of their revisits. A WACZ opens in ReplayWeb.page:

      morestories export --wacz november.wacz --portal demo --from 2026-11-01 --to 2026-11-30

      morestories export --wacz sport.wacz --query "SELECT url FROM articles WHERE section = 'खेल'"
    """
    form = _form(file, wacz=wacz, bagit=bagit, warc=warc)
    if form is None:
        if crawl or query or split or sign or info:
            raise BadSetting(
                "--crawl, --query, --split, --sign and --info are for captures: "
                "say --wacz, --warc or --bagit (stories: `morestories query … -o FILE`)"
            )
        _stories(file, archive, Selection(portal, since, until, all_revisions), as_of)
        return
    if sign and form != "wacz":
        raise BadSetting("--sign is for a WACZ: say --wacz")
    if info and form != "bagit":
        raise BadSetting("--info is for a bag: say --bagit")
    if split and form == "bagit":
        raise BadSetting("--split is for files: a bag is one folder")
    chosen = Choice(portal, since, until, crawl, _statement(query))
    most = size_of(split or (_SPLIT if form == "wacz" else "")) or _ENDLESS
    with opened(archive, as_of) as connection:
        captures = Captures(connection, archive.resolve(), chosen, most)
        try:
            captures.write(file, form, sign=sign, info=fields(info or []))
        except OSError as error:
            raise unwritable(file, error) from error


def _form(file: Path, *, wacz: bool, bagit: bool, warc: bool) -> str | None:
    """Return in which form captures are wanted; None if stories are."""
    asked = [name for name, said in (("wacz", wacz), ("bagit", bagit), ("warc", warc)) if said]
    if len(asked) > 1:
        raise BadSetting(f"one form at a time: --{asked[0]} or --{asked[1]}")
    if asked:
        return asked[0]
    if file.suffix == ".wacz":
        return "wacz"
    return "warc" if file.name.endswith(".warc.gz") else None


def _statement(query: str | None) -> str | None:
    """Return SQL: a statement as it is, a question's with its parameters' defaults."""
    if query is None or len(query.split()) > 1:
        return query
    known = questions.load(query)
    sql = known.sql
    for parameter in sorted(known.parameters, key=lambda one: -len(one.name)):
        sql = sql.replace(f"${parameter.name}", f"({parameter.default})::{parameter.type}")
    return sql


def size_of(text: str) -> int:
    """Return bytes; 0 for "". Units are powers of 1,000.

    >>> size_of("2GB"), size_of("500 M"), size_of("1.5k")
    (2000000000, 500000000, 1500)
    """
    if not text:
        return 0
    found = _SIZE.fullmatch(text.strip())
    if not found or float(found[1]) * _UNITS[found[2].upper()] < 1:
        raise BadSetting(f"--split {text!r} is no size such as 500MB or 2GB")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def fields(lines: list[str]) -> dict[str, str]:
    """Return bag-info fields; raise ``BadSetting`` for a line without a name."""
    told = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise BadSetting(f"--info {line!r} is not 'Name: value'")
        told[name.strip()] = value.strip()
    return told


class Captures:
    """The chosen captures of an archive, on their way out."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, archive: Path, choice: Choice, most: int
    ) -> None:
        self._connection, self._archive, self._choice, self._most = (
            connection,
            archive,
            choice,
            most,
        )

    def write(self, file: Path, form: str, *, sign: Path | None, info: dict[str, str]) -> None:
        """Write all parts; say what each holds. Ends with ``NOTHING`` where none is chosen."""
        signer = Signer.read(sign) if sign else None
        pages = _PAGES if form == "wacz" else _ENDLESS
        parts = choose(self._connection, self._choice, most_bytes=self._most, most_pages=pages)
        if not parts:
            err.print("no capture matches: nothing was written")
            raise typer.Exit(Exit.NOTHING)
        for number in range(parts):
            target = file if parts == 1 else part_of(file, number + 1)
            kept = take(self._connection, self._archive, number)
            made = sources(self._connection, self._archive, kept)
            with _bytes_bar(target.name, made) as on_bytes:
                if form == "wacz":
                    size = write_wacz(
                        target,
                        made,
                        pages_of(self._connection),
                        title=self._title(),
                        created=datetime.now(UTC),
                        signer=signer,
                        on_bytes=on_bytes,
                    )
                elif form == "warc":
                    size = write_warc(target, made, on_bytes=on_bytes)
                else:
                    portals = sorted({one.portal for one in kept})
                    size = write_bag(
                        target, self._archive, made, portals, info=info, on_bytes=on_bytes
                    )
            err.print(f"{len(kept):,} captures in {target} ({size / 1e6:,.1f} MB)", soft_wrap=True)

    def _title(self) -> str:
        """Name the package by what was asked for."""
        asked = self._choice
        days = " to ".join(filter(None, (asked.since, asked.until)))
        crawl = f"crawl {asked.crawl}" if asked.crawl else ""
        told = [asked.portal or "", crawl, days, "chosen by a query" if asked.sql else ""]
        return ", ".join(filter(None, told)) or "all captures"


def part_of(file: Path, number: int) -> Path:
    """Return the name of the n-th part.

    >>> part_of(Path("out/november.warc.gz"), 2).as_posix()
    'out/november-002.warc.gz'
    """
    stem, dot, ending = file.name.partition(".")
    return file.with_name(f"{stem}-{number:03}{dot}{ending}")


def _stories(file: Path, archive: Path, chosen: Selection, as_of: str | None) -> None:
    with opened(archive, as_of) as connection, _rows_bar(connection, chosen) as on_row:
        number = export_articles(connection, file, chosen, on_row=on_row)
    if on_terminal():
        err.print(f"{number:,} stories in {file} ({file.stat().st_size / 1e6:,.1f} MB)")
    if not number:
        err.print("no story matches: the file holds none")
        raise typer.Exit(Exit.NOTHING)


@contextmanager
def _rows_bar(
    connection: duckdb.DuckDBPyConnection, chosen: Selection
) -> Iterator[Callable[[int], None]]:
    """Give a progress bar on a terminal, nothing elsewhere; called with all rows written so far."""
    if not on_terminal():
        yield lambda _: None
        return
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("stories", total=count(connection, chosen))
        yield lambda rows: bar.update(task, completed=rows)


@contextmanager
def _bytes_bar(what: str, made: list[Source]) -> Iterator[Callable[[int], None]]:
    """Give a progress bar on a terminal, nothing elsewhere; called with bytes newly written."""
    if not on_terminal():
        yield lambda _: None
        return
    columns = ("[progress.description]{task.description}", BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bar:
        task = bar.add_task(what, total=sum(source.extract.size for source in made))
        yield lambda count: bar.advance(task, count)
