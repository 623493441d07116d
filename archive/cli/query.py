"""``morestories queries``, ``query``, ``sql``, ``search``: tables → answers."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from archive import answers
from archive import query as questions
from archive.cli import table
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, err, existing, out
from archive.cli.search import search
from archive.errors import BadSetting
from archive.store.faults import fault
from archive.store.reader import open as open_archive

ROWS_SHOWN = 200  # a table on a terminal ends here and says so; files and pipes get all


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


FormatOption = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="As a table (the default on screen), or for a program."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file; its ending tells the format."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="As the tables stood then: 2026-11-01, or with a clock time."),
]


LinksOption = Annotated[
    bool, typer.Option("--links", help="Add a column with each page's link into the replay.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(queries)
    app.command(
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(query)
    app.command()(sql)
    app.command()(search)


def queries(
    name: Annotated[str | None, typer.Argument(help="Tell all about this one.")] = None,
) -> None:
    """List the questions that come with morestories, or explain one."""
    if name is not None:
        explain(questions.load(name))
        return
    for known in map(questions.load, questions.names()):
        flags = " ".join(f"--{p.name.replace('_', '-')}" for p in known.parameters)
        out.print(f"[bold]{known.name}[/]  [dim]{flags}[/]\n  {known.question}")
    out.print(
        "\nAsk one: [bold]morestories query NAME[/]. All about one: morestories queries NAME."
    )


def explain(known: questions.Query) -> None:
    """Print a question's documentation and SQL."""
    out.print(f"[bold]{known.name}[/]  {known.question}\n{known.grain}\n")
    for p in known.parameters:
        flag = p.name.replace("_", "-")
        out.print(f"  [bold]--{flag}[/] {p.type.lower()}, default {p.default}: {p.doc}")
    for column, doc in known.columns:
        out.print(f"  {column}: {doc}")
    out.print(f"\n{known.sql}\n", markup=False, soft_wrap=True)
    if known.example:
        out.print(f"Example: {known.example}", markup=False, soft_wrap=True)
    if known.plot:
        out.print(f"Picture: morestories plot {known.name} ({known.plot.form})", markup=False)
    if known.time:
        out.print(f"Time: {known.time}", markup=False)


def query(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The question's name; see `morestories queries`.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    form: FormatOption = None,
    output: OutputOption = None,
    as_of: AsOfOption = None,
    links: LinksOption = False,
) -> None:
    """Ask one of the questions in queries/, with its own parameters: --portal demo --since 2026-11-01.

    Works while a crawl writes.
    """
    known = questions.load(name)
    values = parameters(known, context.args)
    with opened(archive, as_of) as connection:
        show(questions.ask(connection, known, values, links=links), form, output)


def parameters(known: questions.Query, arguments: list[str]) -> dict[str, str]:
    """Read ``--name value`` and ``--name=value`` pairs; raise ``BadSetting`` for anything else."""
    values: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise BadSetting(f"{known.name}: {word!r} is not --PARAMETER VALUE")
        flag, equals, value = word[2:].partition("=")
        if not equals:
            if not rest:
                raise BadSetting(f"{known.name}: --{flag} wants a value")
            value = rest.pop(0)
        name = flag.replace("-", "_")
        if name in values:
            raise BadSetting(f"{known.name}: --{flag} is given twice")
        values[name] = value
    return values


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT; '-' reads it from standard input.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    form: FormatOption = None,
    output: OutputOption = None,
    as_of: AsOfOption = None,
    links: LinksOption = False,
) -> None:
    """Run one SQL statement that reads: morestories sql "SELECT title FROM articles LIMIT 5".

    The tables are described in docs/schema.md; SHOW TABLES and DESCRIBE articles tell them, too.
    """
    text = _standard_input() if statement == "-" else statement
    with opened(archive, as_of) as connection:
        show(questions.select(connection, text, links=links), form, output)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise BadSetting(f"standard input is not UTF-8: {error}") from error


@contextmanager
def opened(archive: Path, as_of: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the archive for questions; what DuckDB complains of becomes an error with advice."""
    folder = existing(archive)
    at = questions.instant(as_of) if as_of is not None else None
    with open_archive(folder, as_of=at) as reader:
        try:
            yield reader.duckdb
        except duckdb.Error as error:
            raise fault(folder, error) from error


def show(result: duckdb.DuckDBPyConnection, form: Format | None, output: Path | None) -> None:
    """Print an executed result, or write it to ``output``."""
    if output is not None:
        number = answers.write(result, output, form or ending(output))
        err.print(f"{number:,} rows in {output}")
    elif form is None or form is Format.TABLE:
        print_table(result)
    elif form is Format.PARQUET:
        raise BadSetting("Parquet is not for the screen: name a file with -o FILE.parquet")
    else:
        _to_pipe(result, form)


def _to_pipe(result: duckdb.DuckDBPyConnection, form: Format) -> None:
    """Write to standard output, UTF-8 whatever the locale; without a byte order mark."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    if form is Format.CSV:
        answers.write_csv(result, sys.stdout, bom=False)
    elif form is Format.JSON:
        answers.write_json(result, sys.stdout)
    else:
        answers.write_jsonl(result, sys.stdout)


def ending(path: Path) -> str:
    """Return the format that a file's name asks for."""
    form = path.suffix.lower().removeprefix(".")
    if form not in answers.FORMATS:
        raise BadSetting(
            f"{path} does not tell the format: end it in .csv, .json, .jsonl or .parquet"
        )
    return form


def print_table(result: duckdb.DuckDBPyConnection) -> None:
    """Print rows as a table, up to ``ROWS_SHOWN``; whole cells where nobody watches."""
    rows = result.fetchmany(ROWS_SHOWN)
    if not rows:
        out.print("no rows")
        return
    room = out.width if out.is_terminal or "COLUMNS" in os.environ else 100_000
    for one in table.lines(answers.columns(result), rows, room, terminal=out.is_terminal):
        out.file.write(one + "\n")
    if result.fetchone():
        err.print(f"… the first {ROWS_SHOWN} rows; --format csv or -o FILE.csv gives all")
