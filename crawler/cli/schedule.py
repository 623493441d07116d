"""``morestories schedule``: crawls that start by themselves, for years."""

from __future__ import annotations

import json
import logging
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, out
from archive.errors import DiskFull
from archive.exclusions import read
from archive.ledger import Ledger
from crawler import lock
from crawler.cli.runs import history, known
from crawler.crawls import ChildCrawls
from crawler.metrics import serve
from crawler.plan import next_due
from crawler.portal import Declaration, all_declarations
from crawler.schedule import moments, start_of
from crawler.supervisor import FLOOR, NAME, URGE, Supervisor, next_of
from crawler.upkeep import DailyUpkeep

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds
FULL = 10.0  # seconds between two looks at a disk that was full
PORT = 9465

schedule_app = typer.Typer(
    no_args_is_help=True, help='Crawl portals when their files say so: `schedule = "hourly"`.'
)
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")]
FloorOption = Annotated[
    float, typer.Option("--floor", min=0, help="GB that must be free for a crawl to start.")
]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    schedule_app.command("history")(history)
    app.add_typer(schedule_app, name="schedule")


@schedule_app.command()
def run(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    at_once: Annotated[int, typer.Option(min=1, help="Crawls that may run side by side.")] = 2,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due now, then end: for cron.")
    ] = False,
    floor: FloorOption = FLOOR / 1e9,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Prometheus figures on 127.0.0.1; 0: none.")
    ] = PORT,
    maintain: Annotated[
        bool, typer.Option("--maintain/--no-maintain", help="Do the daily housekeeping, too.")
    ] = True,
) -> None:
    """Start each portal's crawl when it is due, until it is stopped.

    Every crawl is a process of its own, never two of one portal. What was missed while this was
    off becomes one run; a run that was interrupted is started again; one that does not end is
    stopped ten minutes past its [bold]max_minutes[/]. Portal files are read again when they
    change. Once a day, when nothing crawls, it does the housekeeping (`morestories maintain`;
    with --once that wants a line of its own). Ctrl-C or SIGTERM lets what runs finish in order; what it had left is done next time.

    [bold]Examples[/]

      morestories schedule run --archive /srv/news --at-once 4

      */5 * * * * morestories schedule run --once --archive /srv/news   (in a crontab)
    """
    folder = known(archive)
    _log_to_stderr()
    with (
        lock.held(folder, NAME),
        closing(Ledger(folder)) as ledger,
        _signals() as stopped,
        serve(folder, ledger, 0 if once else metrics_port),
    ):
        one = Supervisor(
            folder, ledger, ChildCrawls(folder), _asked(folder), at_once, int(floor * 1e9)
        )
        newest = max((r.id for r in ledger.runs(most=1)), default=0)
        upkeep = DailyUpkeep(folder, ledger, datetime.now(UTC))
        try:
            _loop(one, stopped, upkeep if maintain and not once else None, once=once)
        finally:
            upkeep.stop()
        if once and not stopped:
            raise typer.Exit(Exit.DISK_FULL if one.full else _verdict(ledger, newest))


@schedule_app.command("list")
def list_(archive: ArchiveOption = DEFAULT_ARCHIVE, as_json: JsonOption = False) -> None:
    """Show each portal's schedule, its last run and its next one."""
    folder, now = known(archive), datetime.now(UTC)
    rows, exclusions = [], read(folder)
    with closing(Ledger(folder)) as ledger:
        for portal in all_declarations(folder):
            last = next(iter(ledger.runs(portal.id, most=1)), None)
            excluded = exclusions.of_portal(portal.id, now)
            following = None if excluded else next_of(portal, ledger, now, _asked(folder))
            rows.append(
                {
                    "portal": portal.id,
                    "schedule": str(excluded or portal.schedule or "by hand"),
                    "timezone": portal.timezone or "UTC",
                    "last": last.started.isoformat() if last else None,
                    "exit": (last.exit.name.lower() if last.exit else "running") if last else None,
                    "next": following.isoformat() if following else None,
                }
            )
    _show(rows, as_json, folder)


@schedule_app.command("next")
def next_(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    hours: Annotated[float, typer.Option(min=0.1, help="How far to look ahead.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Show the runs of the coming hours, in the order in which they start.

    An adaptive portal is shown with its next run only: what comes then depends on what it finds.
    """
    folder, now = known(archive), datetime.now(UTC)
    coming: list[tuple[datetime, Declaration]] = []
    with closing(Ledger(folder)) as ledger:
        exclusions = read(folder)
        for portal in all_declarations(folder):
            if exclusions.of_portal(portal.id, now):
                continue
            starts = _starts(portal, ledger, now, now + timedelta(hours=hours), folder)
            coming += [(at, portal) for at in starts]
    rows = [
        {
            "start": f"{at.astimezone(portal.zone):%Y-%m-%d %H:%M:%S %Z}",
            "in": "now" if at <= now else str(at - now).partition(".")[0],
            "portal": portal.id,
        }
        for at, portal in sorted(coming, key=lambda one: (one[0], one[1].id))
    ]
    _show(rows, as_json, folder)


@schedule_app.command()
def unit(
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    at_once: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Print a systemd unit that runs the schedule, for this machine and this archive.

    morestories schedule unit --archive /srv/news > ~/.config/systemd/user/morestories.service
    """
    folder = archive.resolve()
    command = shutil.which("morestories") or f"{sys.executable} -m crawler.cli"
    start = f"{command} schedule run --archive {shlex.quote(str(folder))} --at-once {at_once}"
    start = start.replace("%", "%%").replace("$", "$$")  # systemd would read them as its own
    shown = str(folder).replace("%", "%%")
    typer.echo(_UNIT.format(folder=shown, start=start, stop=int(3 * URGE)))


_UNIT = """\
[Unit]
Description=morestories: crawl news portals by their schedules into {folder}
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={start}
# The supervisor lets its crawls seal and land; they are stopped by it, not by systemd.
KillMode=mixed
TimeoutStopSec={stop}
Restart=always
RestartSec=10

[Install]
WantedBy=default.target"""


def _asked(folder: Path) -> Any:
    return lambda portal: next_due(portal.id, folder)


def _starts(
    portal: Declaration, ledger: Ledger, now: datetime, until: datetime, folder: Path
) -> Iterator[datetime]:
    table, first = portal.timetable(), next_of(portal, ledger, now, _asked(folder))
    if table is None or first is None or first > until:
        return
    yield first
    if table.schedule == "adaptive":
        return
    for moment in moments(table, max(first, now)):
        if moment > until:
            return
        if start_of(table, moment) > first:
            yield start_of(table, moment)


def _show(rows: list[dict[str, Any]], as_json: bool, folder: Path) -> None:
    if as_json:
        out.print_json(json.dumps(rows))
    elif not rows:
        out.print(f"no run is planned: write a schedule into a file of {folder / 'portals'}")
    else:
        table = Table(box=None, pad_edge=False)
        for name in rows[0]:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        out.print(table)
    if not rows:
        raise typer.Exit(Exit.NOTHING)


def _loop(one: Supervisor, stopped: list[int], upkeep: DailyUpkeep | None, *, once: bool) -> None:
    """Tick until a signal comes; with ``once`` until nothing runs and nothing that waits may."""
    while not stopped:
        try:
            one.tick(datetime.now(UTC), time.monotonic())
        except DiskFull as error:  # what it could not note now follows from the locks later
            logger.error("%s", error)
            time.sleep(FULL)
        if once and one.at_rest:
            return
        if upkeep is not None:
            upkeep.tick(datetime.now(UTC), idle=one.idle)
        time.sleep(TICK)
    logger.info("stopping: letting what runs finish in order")
    for kill in (False, False, True):  # asked, it finishes; asked again, it stops at once
        if not one.stop(kill=kill):
            return
        until = time.monotonic() + URGE
        while one.running() and time.monotonic() < until:
            time.sleep(TICK / 5)
            one.crawls.reap()


def _verdict(ledger: Ledger, newest: int) -> Exit:
    """Return one cause for all the runs that ``--once`` made."""
    codes = [r.exit for r in ledger.runs(most=1000) if r.id > newest]
    if not codes:
        return Exit.NOTHING
    fine = (Exit.OK, Exit.NOTHING, Exit.BUDGET)
    return Exit.OK if all(code in fine for code in codes) else Exit.PARTLY


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM meanwhile."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.signal(n, lambda number, _: came.append(number)) for n in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _log_to_stderr() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
