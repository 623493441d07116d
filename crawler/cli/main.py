"""Mount every command on one app, and turn errors into a line and an exit code."""

from __future__ import annotations

import errno
import importlib
import inspect
import sys

import typer

from archive.cli.common import Exit, fail
from archive.errors import ArchiveError, DiskFull

app = typer.Typer(
    name="morestories",
    help="A crawler and archive for regional news portals.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

# In the order in which a newcomer needs them; each has register(app).
COMMANDS: tuple[str, ...] = (
    "crawler.cli.portal",
    "crawler.cli.crawl",
    "archive.cli.query",
    "archive.cli.plot",
    "archive.cli.export",
    "archive.cli.replay",
    "archive.cli.diff",
    "archive.cli.ingest",
    "archive.cli.keep",
    "archive.cli.exclude",
    "archive.cli.maintain",
    "archive.cli.try_",
    "crawler.cli.frontier",
    "crawler.cli.schedule",
    "crawler.cli.runs",
    "crawler.cli.status",
)

for _module in COMMANDS:
    importlib.import_module(_module).register(app)


def _fill_lines(commands: typer.Typer) -> None:
    """Let help fill the lines of any terminal: Typer keeps a docstring's own line ends."""
    for command in commands.registered_commands:
        paragraphs = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n")
        command.help = "\n\n".join(
            text if text.startswith(" ") else text.replace("\n", " ") for text in paragraphs
        )
    for group in commands.registered_groups:
        assert group.typer_instance
        _fill_lines(group.typer_instance)


_fill_lines(app)


@app.callback()
def _root() -> None:
    """A crawler and archive for regional news portals."""


def main() -> None:
    """Run the command line; never show a traceback for an error a person can act on."""
    try:
        app()
    except ArchiveError as error:
        sys.exit(fail(error).exit_code)
    except RuntimeError as error:
        if str(error) != "Query interrupted":  # DuckDB's word for Ctrl-C
            raise
        sys.exit(Exit.INTERRUPTED)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        where = error.filename or "the disk, or standard output's"
        sys.exit(fail(DiskFull(f"no room left on {where}")).exit_code)
