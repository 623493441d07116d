"""``morestories replay`` and ``open``: captures in a browser."""

from __future__ import annotations

import json
import socket
import threading
import webbrowser
from dataclasses import asdict
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import unquote

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, on_terminal, out
from archive.errors import BadSetting
from archive.query import instant

if TYPE_CHECKING:
    from archive.replay.check import Checked

PORT: Final = 8089
HOST: Final = "127.0.0.1"

PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="Where to listen; 0 takes a free port.")
]
HostOption = Annotated[
    str, typer.Option("--host", help="The address to listen on; others can then see the archive.")
]


class _ServesByDefault(TyperGroup):
    """A group whose first word may be left out: ``replay demo`` is ``replay serve demo``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, "--help"):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


replay = typer.Typer(
    name="replay",
    cls=_ServesByDefault,
    help="Show captured pages in a browser as they were, with no request to the live web.\n\n"
    "morestories replay [PORTAL] serves the archive on http://127.0.0.1:8089 until Ctrl-C.",
    rich_markup_mode="rich",
)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(replay)
    app.command("open")(open_)


@replay.command()
def serve(
    portal: Annotated[str, typer.Argument(help="Only what this portal's crawls captured.")] = "",
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    port: PortOption = PORT,
    host: HostOption = HOST,
) -> None:
    """Serve the archive to a browser until Ctrl-C; pages crawled a second ago are there, too.

    Also a Memento TimeGate and TimeMap (/web/…) and a CDX server API (/cdx); see docs/replay.md.
    """
    run(existing(archive), portal, host, listen(host, port))


def listen(host: str, port: int) -> socket.socket:
    """Take the port; raise ``BadSetting`` where another program has it."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise BadSetting(
            f"cannot listen on {host} port {port} ({error.strerror}): "
            "another program has it, or the address is not this machine's; take another --port"
        ) from error


def origin(host: str, port: int) -> str:
    """Return where a replay listens, as a browser takes it.

    >>> origin("::1", 8089)
    'http://[::1]:8089'
    """
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run(archive: Path, portal: str, host: str, listening: socket.socket, page: str = "") -> None:
    """Serve until Ctrl-C; open ``page`` (a path) in a browser once the server is there."""
    from archive.replay.player import installed
    from archive.replay.serve import serve_forever  # the server is loaded by those who serve

    address = origin(host, listening.getsockname()[1])
    out.print(f"{archive} is replayed at [bold]{address}/[/] (Ctrl-C ends it)", soft_wrap=True)
    if page:
        threading.Timer(0.5, webbrowser.open, [address + page]).start()
    sockets, player = [listening], 0
    if installed(archive):
        sockets.append(listen(host, 0))
        player = sockets[-1].getsockname()[1]
    serve_forever(archive, sockets, portal=portal, names=[host], player=player)


@replay.command()
def player(archive: ArchiveOption = DEFAULT_ARCHIVE) -> None:
    """Fetch what replays pages with their scripts, once, into the archive's folder.

    It is wabac.js (AGPL-3.0-or-later), taken with pip out of pywb's wheel and checked by its
    SHA-256. With it, the frame of a page offers "with scripts", on a port of its own.
    """
    from archive.replay.player import install

    out.print(f"the player is {install(existing(archive))}", soft_wrap=True)


@replay.command()
def check(
    portal: Annotated[str, typer.Argument(help="Only this portal's stories.")] = "",
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    pages: Annotated[int, typer.Option("--pages", "-n", min=1, help="At most so many.")] = 10,
    live: Annotated[
        bool, typer.Option("--live", help="Load each from its own site, too, and compare pictures.")
    ] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for the screenshots.")
    ] = Path("replay-check"),
    browser: Annotated[
        Path | None, typer.Option("--browser", help="A Chromium; else the one on the PATH.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Load the newest stories in headless Chromium, cut off from all but the replay, and report.

    Counts requisites that the archive has not, requests that left (there must be none), errors on
    the console. Exits with 1 if a request left or a page did not load. Wants morestories\\[check].
    """
    from archive.replay import tables
    from archive.replay.browser import find_browser
    from archive.replay.serve import replaying

    folder = existing(archive)
    chromium = find_browser(browser)
    stories = tables.newest(folder, portal, pages)
    if not stories:
        err.print("no story to look at: `morestories ingest` makes the tables")
        raise typer.Exit(Exit.NOTHING)
    from archive.replay.check import check as check_pages

    with replaying(folder, listen(HOST, 0)) as port:
        checked = []
        for one in check_pages(stories, f"{HOST}:{port}", chromium, output, live=live):
            checked.append(one)
            if on_terminal():
                err.print(f"{len(checked)}/{len(stories)} {one.url}", highlight=False)
    _report(checked, output, as_json)


def _report(checked: list[Checked], output: Path, as_json: bool) -> None:
    from archive.replay.check import totals

    total = totals(checked)
    if as_json:
        told = {**asdict(total), "found": total.found, "each": [asdict(page) for page in checked]}
        out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        table = Table("page", "requisites", "missing", "left", "errors", "pixels differ")
        for page in checked:
            table.add_row(
                escape(unquote(page.url)),
                *map(str, (page.asked, len(page.missing), len(page.leaked), len(page.errors))),
                "" if page.difference is None else f"{page.difference:.2%}",
            )
        out.print(table)
        out.print(
            f"{total.pages} pages, {total.found:.1%} of {total.asked} requisites found, "
            f"{total.leaked} requests left, {total.errors} errors; screenshots in {output}"
        )
    if total.leaked or total.failed:
        raise typer.Exit(Exit.PARTLY)


def open_(
    what: Annotated[
        str, typer.Argument(metavar="URL|ARTICLE", help="An address, or a story's id.")
    ],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    at: Annotated[
        str | None,
        typer.Option("--at", help="As it stood then: 2026-11-01, or with a time."),
    ] = None,
    port: PortOption = PORT,
    host: HostOption = HOST,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the link; start no server and no browser.")
    ] = False,
) -> None:
    """Print the replay link of a page or story, and open it in a browser.

    Where no replay of this archive runs on the port yet, one is started, until Ctrl-C.
    """
    folder = existing(archive)
    path = _path(folder, what, instant(at) if at else None)
    if path is None:
        err.print(
            f"{what} was never captured: `morestories search` finds stories by their words, "
            f"`morestories frontier why {what}` says what happened to an address",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.NOTHING)
    if print_only or replays(folder, host, port):
        out.print(origin(host, port) + path, markup=False, soft_wrap=True)
        if not print_only:
            webbrowser.open(origin(host, port) + path)
        return
    with listen(host, port) as listening:
        port = listening.getsockname()[1]
        out.print(origin(host, port) + path, markup=False, soft_wrap=True)
        run(folder, "", host, listening, path)


def _path(folder: Path, what: str, at: datetime | None) -> str | None:
    """Return the path of what stood at ``at`` (else of the newest), None if never captured."""
    from archive.replay import tables
    from archive.replay.asked import address, ascii_url
    from archive.replay.index import Index
    from archive.replay.links import replay_path

    url = what
    if tables.is_id(what):
        told = tables.story(folder, what)
        if told is None:
            raise BadSetting(
                f"no story has the id {what}: `morestories search` shows ids with --json"
            )
        url, at = told.url, at or told.seen
    wanted = f"{at or datetime.now(UTC):%Y%m%d%H%M%S}"
    found = Index(folder).standing(address(url), wanted)
    return replay_path(ascii_url(found.url), found.timestamp) if found else None


def replays(folder: Path, host: str, port: int) -> bool:
    """Tell whether a replay of this archive answers there; ``BadSetting`` if of another one.

    What else answers there is no replay.
    """
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/-/status")
        told = json.loads(connection.getresponse().read())
    except (OSError, ValueError, HTTPException):
        return False
    finally:
        connection.close()
    if not isinstance(told, dict) or told.get("morestories") != "replay":
        return False
    if told.get("archive") != str(folder):
        raise BadSetting(
            f"port {port} replays another archive, {told.get('archive')}: take another --port"
        )
    return True
