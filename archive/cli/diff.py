"""``morestories diff``: what changed in a story."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from archive.answers import plain
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, out
from archive.query import instant
from archive.replay.difference import Line, counted
from archive.replay.links import SERVER
from archive.replay.revisions import Revision, difference, pair, revisions

_STYLES = {"same": "", "removed": "red strike", "added": "green"}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(diff)


def diff(
    what: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="A story's id or address.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    since: Annotated[
        str | None, typer.Option("--from", help="As it stood then; else the revision before.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="As it stood then; else the newest revision.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Show what changed in a story between two revisions, word by word.

    Removed words are red and struck out, added ones green; without colours they stand in [-…-] and
    {+…+}. `morestories replay` shows the same beside the two captured pages.
    """
    found = revisions(existing(archive), what)
    if not found:
        err.print(
            f"no story {what} in the tables: `morestories search` finds stories", soft_wrap=True
        )
        raise typer.Exit(Exit.NOTHING)
    if len(found) < 2:
        err.print(f"only one revision is known, seen since {found[0].first:%Y-%m-%d %H:%M} UTC")
        raise typer.Exit(Exit.NOTHING)
    old, new = pair(found, instant(since) if since else None, instant(until) if until else None)
    lines = difference(old, new)
    if as_json:
        told = {"from": _plain(old), "to": _plain(new), "lines": [line.parts for line in lines]}
        out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        _show(old, new, lines)


def _plain(revision: Revision) -> dict[str, object]:
    return {name: plain(value) for name, value in asdict(revision).items()} | {
        "replay": SERVER + revision.page("")
    }


def _show(old: Revision, new: Revision, lines: list[Line]) -> None:
    removed, added = counted(lines)
    for mark, one in (("-", old), ("+", new)):
        out.print(
            f"{mark} revision {one.label}  {SERVER}{one.page('')}", markup=False, soft_wrap=True
        )
    out.print(f"{removed} words removed, {added} added\n")
    for line in lines:
        text = Text()
        for part, kind in line.parts:
            text.append(part if out.is_terminal else _marked(part, kind), _STYLES[kind])
        out.print(text, soft_wrap=True)


def _marked(text: str, kind: str) -> str:
    return {"removed": f"[-{text}-]", "added": f"{{+{text}+}}"}.get(kind, text)
