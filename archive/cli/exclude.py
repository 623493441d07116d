"""``morestories exclude``: take something out of what is given out, and see what is."""

from __future__ import annotations

import getpass
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from archive import exclusions
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, out
from archive.errors import BadSetting
from archive.exclusions import Exclusion, Exclusions, Target, target
from archive.query import day
from archive.store.concealed import mark
from archive.store.connection import connect, is_made


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(exclude)


def exclude(
    what: Annotated[
        str | None,
        typer.Argument(
            help="An address; https://host/folder/* or *.host; or a portal's id.",
            metavar="[URL|PREFIX|PORTAL]",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; a reader of the replay is told.")] = "",
    since: Annotated[
        str | None, typer.Option("--from", help="Captures from this day on (UTC).")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Captures up to this day.")] = None,
    by: Annotated[str, typer.Option(help="Who asked for it.", show_default="you")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take it back; that is noted, too.")] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="Show what is excluded, and what once was.")
    ] = False,
    aclj: Annotated[
        bool, typer.Option("--aclj", help="With --list: as pywb's access control file.")
    ] = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """Keep captures, but give them out no more: a takedown, or days on which a site was hacked.

    They are not fetched, replayed (451), searched, counted, queried or exported any more, also
    --as-of an earlier day. The WARC files are not touched, and --undo brings all back.

    An address takes its AMP page and what only tracks with it. [bold]https://host/tag/*[/] is
    /tag and all below it, [bold]https://host/*[/] a host, [bold]*.host[/] with its subdomains.

    [bold]Examples[/]

      morestories exclude https://demo.example/shimla/a-story/ --reason "court order 12/2026"

      morestories exclude demo --from 2026-11-03 --to 2026-11-05 --reason "the site was hacked"

      morestories exclude demo --undo --reason "cleaned up"

      morestories exclude --list
    """
    folder = existing(archive)
    if list_ or what is None:
        if not list_:
            raise BadSetting("name an address, a prefix or a portal; --list shows what is excluded")
        _list(folder, aclj=aclj, as_json=as_json)
        return
    meant = target(what, day(since) if since else None, day(until) if until else None)
    who, now = by or getpass.getuser(), datetime.now(UTC)
    if undo:
        _tell_undone(exclusions.undo(folder, meant, reason=reason, by=who, now=now), as_json)
        return
    one, new = exclusions.exclude(folder, meant, reason=reason, by=who, now=now)
    _tell(one, new, captures_of(folder, meant), as_json)


def captures_of(folder: Path, meant: Target) -> int | None:
    """Count the captures that are in the tables and fall under ``meant``; None without tables."""
    if not is_made(folder):
        return None
    alone = Exclusion(1, meant, "-", "-", datetime.now(UTC))
    with closing(connect(folder, whole=True)) as connection:
        mark(connection, Exclusions.of([alone], ""))
        row = connection.execute("SELECT count(DISTINCT capture) FROM excluded_captures").fetchone()
    return int(row[0]) if row else 0


def _tell(one: Exclusion, new: bool, captures: int | None, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps({**_told(one), "new": new, "captures": captures}))
        return
    state = "excluded" if new else "excluded already"
    many = "" if captures is None else f": {captures:,} captures now"
    out.print(f"{state}, line {one.number}{many}", soft_wrap=True)
    if captures == 0:
        err.print(
            "nothing that was captured falls under it yet: is it spelled as in the archive? "
            "`morestories sql \"SELECT DISTINCT url FROM captures WHERE url LIKE '%…%'\"`",
            soft_wrap=True,
            markup=False,
        )


def _tell_undone(undone: list[Exclusion], as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps([_told(one) for one in undone]))
    for one in undone if not as_json else ():
        out.print(f"given out again: {escape(_what(one.target))}", soft_wrap=True)


def _list(folder: Path, *, aclj: bool, as_json: bool) -> None:
    known = exclusions.read(folder)
    if aclj:
        for line in access_list(known):
            typer.echo(line)
        return
    if as_json:
        out.print_json(json.dumps([_told(one) for one in known.every], ensure_ascii=False))
    elif not known.every:
        out.print("nothing is excluded")
    else:
        table = Table("line", "what", "captured", "why", "who", "when", "taken back")
        for one in known.every:
            back = one.undone
            table.add_row(
                str(one.number),
                escape(one.target.what),
                _days(one.target),
                escape(one.reason),
                escape(one.by),
                f"{one.at:%Y-%m-%d}",
                escape(f"{back.at:%Y-%m-%d} by {back.by}: {back.reason}") if back else "",
            )
        out.print(table)
    if not known.every:
        raise typer.Exit(Exit.NOTHING)


def access_list(known: Exclusions) -> list[str]:
    """Return the lines of pywb's access control file (.aclj), in its order: reversed.

    pywb knows no days and no portals: days are left out, which takes out more, and portals cannot
    be told. Source: pywb's docs, "Embargo and Access Control".
    """
    lines = {}
    for one in known.standing:
        if one.target.kind == "portal":
            raise BadSetting(
                f"pywb cannot exclude a portal ({one.target.what}); exclude its hosts for it"
            )
        for key in one.target.keys:
            own = f"{key}###" if one.target.kind == "url" else key.removesuffix("/")
            told = {"access": "exclude", "url": one.target.what, "reason": one.reason}
            lines[own] = f"{own} - {json.dumps(told)}"
    return [lines[key] for key in sorted(lines, reverse=True)]


def _what(meant: Target) -> str:
    days = _days(meant)
    return f"{meant.what} ({days})" if days else meant.what


def _days(meant: Target) -> str:
    first, last = meant.first, meant.last
    if first and last:
        return f"{first} to {last}" if first != last else str(first)
    return f"from {first}" if first else f"up to {last}" if last else ""


def _told(one: Exclusion) -> dict[str, Any]:
    """Return an exclusion as JSON has it."""
    back = one.undone
    return {
        "line": one.number,
        "kind": one.target.kind,
        "what": one.target.what,
        "from": one.target.first and one.target.first.isoformat(),
        "to": one.target.last and one.target.last.isoformat(),
        "reason": one.reason,
        "by": one.by,
        "at": one.at.isoformat(),
        "undone": back and {"by": back.by, "at": back.at.isoformat(), "reason": back.reason},
    }
