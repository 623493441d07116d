"""``morestories portal``: declare a portal from its address, list, show and check portals."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, fail, on_terminal, out
from archive.errors import BadSetting
from crawler.portal import (
    BUNDLED,
    Declaration,
    find,
    portal_files,
    read_declaration,
    to_toml,
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Declare portals: one commented TOML file each, in DIR/portals.",
)


def register(parent: typer.Typer) -> None:
    """Mount ``portal`` with its own commands."""
    parent.add_typer(app, name="portal")


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="The site's address; its home page is best.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    id: Annotated[str, typer.Option("--id", help="The portal's id, if not its host's name.")] = "",
    timezone: Annotated[
        str, typer.Option(help="Where the portal is, such as Asia/Kolkata, if it does not say.")
    ] = "",
    delay: Annotated[
        float, typer.Option(min=0, help="Seconds between two requests, now and when crawling.")
    ] = 1.0,
    contact: Annotated[
        str, typer.Option(help="Your e-mail or web page, shown to the site's webmaster.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Write anew; an older file is kept as ID.toml.old.")
    ] = False,
) -> None:
    """Look at a site and write its portal file, as an archivist would by hand.

    Makes at most 15 requests and obeys robots.txt. Read the file, correct it, then crawl.

    [bold]Examples[/]

      morestories portal add https://himkhabar.example/

      morestories portal add himkhabar.example --id himkhabar --contact you@example.org
    """
    declaration = add_portal(
        url, archive, id=id, timezone=timezone, delay=delay, contact=contact, force=force
    )
    path = _path(archive, declaration.id)
    out.print(path.read_text("utf-8"), markup=False, soft_wrap=True)
    out.print(f"Written to {path}", markup=False, soft_wrap=True)
    if not declaration.timezone:
        out.print("The time zone was not found: fill it in, or dates may be hours off.")
    if not declaration.contact:
        out.print('A contact lets a webmaster write to you: add contact = "you@example.org".')
    where = "" if archive == DEFAULT_ARCHIVE else f" --archive {archive}"
    out.print(f"Next: morestories crawl {declaration.id}{where}", markup=False, soft_wrap=True)


def add_portal(
    url: str,
    archive: Path,
    *,
    id: str = "",
    timezone: str = "",
    delay: float = 1.0,
    contact: str = "",
    force: bool = False,
) -> Declaration:
    """Probe ``url``, write ``<archive>/portals/<id>.toml`` and return what was declared.

    Raises ``BadSetting`` if the site or the id is registered already (unless ``force``), and
    ``typer.Exit`` with the code of its cause, the reason printed, if there is no portal there.
    """
    from crawler.probe import ProbeFailed, probe, site_id  # imports Scrapy, which takes a while

    address = url if "://" in url else f"https://{url}"
    if not force:
        _refuse_known(address, archive, id or site_id(address))
    try:
        with err.status(f"looking at {address}") as status:
            found = probe(
                url,
                now=datetime.now(UTC),
                id=id,
                timezone=timezone,
                delay=delay,
                contact=contact,
                on_step=lambda step: status.update(f"looking at {address}: {step}"),
            )
    except ProbeFailed as error:
        raise fail(error, error.code) from error
    if not force:
        _refuse_known(found.declaration.home, archive, found.declaration.id)
    _write(_path(archive, found.declaration.id), to_toml(found.declaration, found.notes))
    return found.declaration


def _path(archive: Path, id: str) -> Path:
    return archive.resolve() / "portals" / f"{id}.toml"


def _refuse_known(url: str, archive: Path, id: str) -> None:
    for path in portal_files(archive).values():
        try:
            known = read_declaration(path)
        except BadSetting:
            continue  # another portal's fault; `portal check` tells it
        if known.covers(url):
            raise BadSetting(
                f"{url} is already registered as {known.id!r} in {path}: edit that file, "
                f"or write it anew with --force, or just `morestories crawl {known.id}`"
            )
        if known.id == id:
            raise BadSetting(
                f"the id {id!r} is taken by {known.home} ({path}): name another with --id"
            )


def _write(path: Path, text: str) -> None:
    """Put a whole file in place; one that was there is kept beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        old = path.with_suffix(".toml.old")
        path.replace(old)
        err.print(f"the older file is kept as {old}", markup=False, soft_wrap=True)
    unfinished = path.with_suffix(".toml.open")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


@app.command(name="list")
def list_(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one object a portal.")] = False,
) -> None:
    """List the portals that can be crawled: the archive's own, then the bundled ones."""
    files = portal_files(archive)
    rows = [_row(id, path) for id, path in sorted(files.items())]
    if as_json:
        out.print_json(json.dumps(rows, ensure_ascii=False))
    else:
        _print_table(rows)
    broken = any(row["fault"] for row in rows)
    if broken:
        err.print("some files are broken: `morestories portal check` says where")
    if not rows:
        err.print("no portal yet: `morestories portal add URL` adds one")
        raise typer.Exit(Exit.NOTHING)
    raise typer.Exit(Exit.SETTING if broken else Exit.OK)


def _row(id: str, path: Path) -> dict[str, str]:
    row = {"id": id, "file": str(path), "name": "", "home": "", "fault": ""}
    try:
        portal = read_declaration(path)
    except BadSetting as error:
        return {**row, "fault": str(error)}
    return {
        **row,
        "name": portal.name,
        "home": portal.home,
        "language": portal.language,
        "timezone": portal.timezone,
    }


def _print_table(rows: list[dict[str, str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "home", "language", "time zone", "from"):
        table.add_column(heading, no_wrap=heading not in ("name", "from"), overflow="fold")
    for row in rows:
        bundled = Path(row["file"]).parent == BUNDLED
        name = "[red]broken[/]" if row["fault"] else row["name"]
        source = "bundled" if bundled else "archive"
        facts = (row["home"], row.get("language", ""), row.get("timezone", ""))
        table.add_row(row["id"], name, *facts, source)
    if rows:
        out.print(table)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="A portal's id, as `portal list` shows it.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    every: Annotated[
        bool, typer.Option("--all", help="Every key with the value in force, defaults included.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every key, as JSON.")] = False,
) -> None:
    """Show a portal's file as it stands, or with --all what is in force."""
    portal = find(id, archive)
    if as_json:
        out.print_json(json.dumps(portal.model_dump(mode="json"), ensure_ascii=False))
        return
    path = portal_files(archive)[portal.id]
    if on_terminal():
        err.print(str(path), markup=False, soft_wrap=True)
    if every:
        table = Table(box=None, show_header=False)
        for key, value in portal.model_dump().items():
            table.add_row(key, _worded(value))
        out.print(table)
    else:
        out.print(path.read_text("utf-8-sig"), markup=False, soft_wrap=True, end="")


def _worded(value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(value) or "–"
    if isinstance(value, bool):
        return str(value).lower()
    return "–" if value in ("", None) else str(value)


@app.command()
def check(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids or files; none means every portal.")
    ] = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
) -> None:
    """Check portal files: each fault with its file, its line and what to write instead."""
    files = portal_files(archive)
    broken = 0
    for name in ids or sorted(files):
        path = files.get(name) or Path(name)
        try:
            portal = read_declaration(path) if name not in files else find(name, archive)
        except BadSetting as error:
            broken += 1
            err.print(str(error), markup=False, soft_wrap=True)
        else:
            out.print(f"{portal.id}: all well", markup=False)
    raise typer.Exit(Exit.SETTING if broken else Exit.OK)
