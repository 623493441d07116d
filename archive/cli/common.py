"""What all commands share: where the archive is, how to print, how to fail."""

from __future__ import annotations

import os
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from archive.errors import (
    ArchiveBusy,
    ArchiveError,
    BadSetting,
    DamagedRecord,
    DiskFull,
    StoreError,
)
from archive.store.lake import CATALOG, SETTINGS

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

ArchiveOption = Annotated[
    Path,
    typer.Option(
        "--archive",
        envvar="MORESTORIES_ARCHIVE",
        help="The archive's folder.",
        show_default="./data",
        file_okay=False,
    ),
]
DEFAULT_ARCHIVE = Path("data")


class Exit(IntEnum):
    """Exit codes by cause, for scripts and schedulers; documented in docs/commands.md."""

    OK = 0
    PARTLY = 1  # done, but something in it failed and was counted
    USAGE = 2  # Click's own: an unknown option or a missing argument
    SETTING = 3  # a broken portal file, option value or query; nothing was started
    DISK_FULL = 4  # stopped in good order; what was sealed is intact
    BUDGET = 5  # a budget of the portal file was reached
    ROBOTS = 6  # robots.txt forbids all of it
    UNREACHABLE = 7  # the host cannot be found or does not answer
    NOTHING = 8  # nothing to do or nothing found: no article, no portal, no such row
    DAMAGED = 9  # a kept file is not as it should be
    BUSY = 10  # another process is at it: the same portal is being crawled
    HUNG = 11  # stopped from outside: it did not end within its time
    INTERRUPTED = 130  # Ctrl-C or SIGTERM


def exit_of(error: ArchiveError) -> Exit:
    """Return the exit code of an error that ends a command."""
    if isinstance(error, DiskFull):
        return Exit.DISK_FULL
    if isinstance(error, ArchiveBusy):
        return Exit.BUSY
    return Exit.DAMAGED if isinstance(error, DamagedRecord | StoreError) else Exit.SETTING


def existing(folder: Path) -> Path:
    """Return ``folder`` as an absolute path; raise ``BadSetting`` if no archive is there."""
    if not any((folder / name).exists() for name in ("warc", CATALOG, SETTINGS)):
        raise BadSetting(
            f"no archive at {folder.resolve()}: name one with --archive DIR, "
            "or begin one with `morestories crawl URL`"
        )
    return folder.resolve()


def fail(error: ArchiveError, code: Exit | None = None) -> typer.Exit:
    """Print ``error`` for a person and return the exception to raise; its cause gives the code."""
    err.print(Text.assemble(("morestories:", "bold red"), f" {error}"), soft_wrap=True)
    return typer.Exit(exit_of(error) if code is None else code)


def on_terminal() -> bool:
    """Tell whether a person watches: progress bars go to standard error only then."""
    return err.is_terminal and not os.environ.get("CI")
