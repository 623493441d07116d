"""``morestories frontier``: what happened to a URL, and what is left to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, existing, out
from archive.errors import BadSetting
from archive.exclusions import read
from crawler.frontier import Frontier
from crawler.frontier.values import State
from crawler.plan import frontier_url
from crawler.scope import EXCLUDED, clean, key_of

frontier_app = typer.Typer(
    no_args_is_help=True, help="What is left to fetch, and what became of a URL."
)

FrontierOption = Annotated[
    str, typer.Option("--frontier", help="Another frontier, as an SQLAlchemy URL.")
]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.add_typer(frontier_app, name="frontier")


@frontier_app.command()
def why(
    url: Annotated[str, typer.Argument(help="The address in question.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    frontier: FrontierOption = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Tell what happened to a URL: fetched when and how, waiting for what, or refused and why."""
    store = _open(archive, frontier)
    try:
        rows = [_told(archive, row) for row in store.why(url, key_of(clean(url)))]
    except ValueError as error:
        raise BadSetting(f"{url!r} is no address: {error}") from error
    finally:
        store.close()
    if as_json:
        out.print_json(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        out.print(f"never met: no page, feed or sitemap that was read points to {url}")
    for row in rows if not as_json else []:
        out.print(_story(row))
    raise typer.Exit(Exit.OK if rows else Exit.NOTHING)


def _told(archive: Path, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with who excluded its address and why, if that is the reason."""
    if row["outcome"] != EXCLUDED:
        return row
    found = read(archive).why(row["url"], None, row["portal"])
    return {**row, "excluded": str(found) if found else "taken back; the next run asks for it"}


def _open(archive: Path, frontier: str) -> Frontier:
    return Frontier(frontier_url(existing(archive), frontier))


def _story(row: dict[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, text in (
        ("url", row["url"]),
        ("portal", row["portal"]),
        ("state", f"{row['state']}: {row['outcome']}" if row["outcome"] else row["state"]),
        ("excluded", row.get("excluded", "")),
        ("found", f"{_when(row['offered'])} as {row['kind']}, {row['hops']} links from the seed"),
        ("via", row["via"]),
        ("fetched", f"{_when(row['fetched'])}, {row['visits']} times" if row["visits"] else ""),
        ("read", _pace(row)),
        ("tries", str(row["attempts"]) if row["attempts"] else ""),
        (
            "judged again" if row["state"] == State.SKIPPED else "due",
            f"{'if met after ' if row['state'] == State.SKIPPED else ''}{_when(row['due'])}"
            if row["due"]
            else "",
        ),
    ):
        if text:
            grid.add_row(name, text)
    return grid


def _pace(row: dict[str, Any]) -> str:
    """Say how often a listing is read, and why."""
    if not row["every"]:
        return ""
    new = "" if row["rate"] is None else f", {row['rate'] * 86_400:.0f} new a day"
    return f"every {row['every'] / 60:.0f} min: {row['shown']} items{new}"


def _when(seconds: float | None) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC" if seconds else ""
