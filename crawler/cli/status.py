"""``morestories status``: is all well, since when not, and what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, out
from archive.errors import ArchiveError, BadSetting, DiskFull
from archive.ledger import Ledger
from archive.store.connection import attach_line
from crawler.cli.runs import as_values, exit_word, known
from crawler.facts import archive_facts, portal_facts
from crawler.health import ArchiveFacts, Evidence, Finding, PortalFacts, examine
from crawler.supervisor import FLOOR

Known = Mapping[tuple[str, str], datetime]  # portal and rule: since when

NOTICE = 30.0  # seconds that a command or a webhook may take


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(status)


def status(
    portal: Annotated[str, typer.Argument(help="Of this portal alone.")] = "",
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    notify: Annotated[
        str,
        typer.Option(
            metavar="COMMAND|URL",
            help="Where what changed is told: a command gets it as JSON on standard input, "
            "a URL is posted to. Nothing changed: nothing is told.",
        ),
    ] = "",
    floor: Annotated[float, typer.Option(min=0, help="GB that must be free on the disk.")] = FLOOR
    / 1e9,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
) -> None:
    """Say how the archive and its portals are: runs, stories, errors, disk, and what is unwell.

    Asks no site. Each thing unwell has since when, the captures that show it, and what to do;
    docs/operating.md has a paragraph on each.

    [bold]Examples[/]

      morestories status --archive /srv/news

      morestories status --notify 'mail -s morestories me@example.org'   (hourly, in a crontab)

    Exit code 0: all is well. 1: something is not.
    """
    folder, now = known(archive), datetime.now(UTC)
    if notify and portal:
        raise BadSetting("--notify tells of the whole archive: leave the portal out")
    try:
        with closing(Ledger(folder)) as ledger:
            before = ledger.findings()
            whole = archive_facts(folder, ledger, now, int(floor * 1e9))
            portals = portal_facts(folder, ledger, now, portal)
    except DiskFull as error:  # not even room to look: that much can be said
        err.print(str(error), soft_wrap=True)
        free = shutil.disk_usage(folder).free
        whole, portals, before = ArchiveFacts(now, free, max(int(floor * 1e9), free + 1)), [], {}
    found = examine(whole, portals)
    told = _Status(str(folder), attach_line(folder), whole, portals, found)
    if as_json:
        out.print_json(json.dumps(told.values(), ensure_ascii=False))
    else:
        told.show()
    if notify:
        _notify(folder, before, notify, found)
    raise typer.Exit(Exit.PARTLY if found else Exit.OK)


@dataclass(frozen=True)
class _Status:
    """All that is said, as values and for a person."""

    archive: str
    attach: str
    whole: ArchiveFacts
    portals: Sequence[PortalFacts]
    findings: Sequence[Finding]

    def values(self) -> dict[str, Any]:
        whole = self.whole
        return {
            "archive": self.archive,
            "healthy": not self.findings,
            "findings": [as_finding(one) for one in self.findings],
            "portals": [_portal_values(facts) for facts in self.portals],
            "supervised": whole.supervised,
            "disk": {"free": whole.free, "floor": whole.floor},
            "unsealed": {"writing": list(whole.writing), "abandoned": list(whole.abandoned)},
            "verified": whole.verified.ended.isoformat() if whole.verified else None,
            "behind_bytes": whole.behind,
            "index_behind": list(whole.index_behind),
            "exclusions": list(whole.exclusions),
            "attach": self.attach,
        }

    def show(self) -> None:
        for line in (self._portals(), self._archive()):
            out.print(line)
        if not self.findings:
            out.print("\n[green]All is well.[/]")
        for one in self.findings:
            out.print(_told(one), soft_wrap=True)

    def _portals(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for name in ("portal", "last run (UTC)", "exit", "next run (UTC)"):
            table.add_column(name, no_wrap=True)
        for name in ("today", "usual"):
            table.add_column(name, justify="right")
        table.add_column("errors")
        for facts in self.portals:
            last = facts.runs[0] if facts.runs else None
            failures = last.figures.get("failures", {}) if last else {}
            held = f"left alone until {facts.held:%H:%M}" if facts.held else facts.excluded
            errors = ", ".join([*(f"{n} {name}" for name, n in failures.items()), held]).strip(", ")
            table.add_row(
                facts.portal,
                f"{last.started:%Y-%m-%d %H:%M}" if last else "never",
                "running" if facts.running else exit_word(last) if last else "",
                _next(facts),
                f"{facts.today:,}",
                "" if facts.usual_today is None else f"{facts.usual_today:,.0f}",
                errors,
            )
        return table

    def _archive(self) -> Table:
        whole = self.whole
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold")
        grid.add_column(overflow="fold")
        verified = whole.verified
        rows = (
            ("archive", self.archive),
            ("schedule", "running" if whole.supervised else "not running"),
            ("disk", f"{whole.free / 1e9:,.1f} GB free, floor {whole.floor / 1e9:,.1f} GB"),
            ("unsealed", _unsealed(whole)),
            (
                "verified",
                f"{verified.ended:%Y-%m-%d}, {verified.damages} damages" if verified else "never",
            ),
            ("tables", f"{whole.behind / 1e6:,.1f} MB behind" if whole.behind else "up to date"),
            (
                "index",
                f"{len(whole.index_behind)} files behind" if whole.index_behind else "up to date",
            ),
            *(("excluded", one) for one in whole.exclusions),
            ("attach", self.attach),
        )
        for name, text in rows:
            grid.add_row(name, text)
        return grid


def as_finding(one: Finding) -> dict[str, Any]:
    """Return a finding as plain values."""
    return {
        "rule": one.rule,
        "portal": one.portal,
        "since": one.since.isoformat(timespec="seconds"),
        "says": one.says,
        "do": one.do,
        "evidence": [
            asdict(seen) | {"captured": seen.captured.isoformat()} for seen in one.evidence
        ],
    }


def _portal_values(facts: PortalFacts) -> dict[str, Any]:
    return {
        "portal": facts.portal,
        "last": as_values(facts.runs[0]) if facts.runs else None,
        "running": as_values(facts.running) if facts.running else None,
        "excluded": facts.excluded or None,
        "next": facts.next.isoformat(timespec="seconds") if facts.next else None,
        "today": facts.today,
        "usual_today": facts.usual_today,
        "left_alone_until": facts.held.isoformat(timespec="seconds") if facts.held else None,
    }


def _next(facts: PortalFacts) -> str:
    if facts.next is None:
        return "none" if facts.scheduled else "by hand"
    return "now" if facts.next <= facts.now else f"{facts.next:%Y-%m-%d %H:%M}"


def _unsealed(whole: ArchiveFacts) -> str:
    told = [f"{len(whole.writing)} being written"] if whole.writing else []
    told += [f"{len(whole.abandoned)} left open"] if whole.abandoned else []
    return ", ".join(told) or "none"


def _told(one: Finding) -> Text:
    line = Text.assemble(
        ("\n" + one.rule, "bold red"),
        f" {one.portal}".rstrip(),
        f", since {one.since:%Y-%m-%d %H:%M} UTC: {one.says}\n  do: {one.do}",
    )
    for seen in one.evidence:
        line.append("\n  " + _place(seen), "dim")
    return line


def _place(seen: Evidence) -> str:
    status = "no answer" if seen.status is None else str(seen.status)
    return f"{seen.captured:%Y-%m-%d %H:%M} {status} {seen.url}  {seen.warc} at {seen.offset}"


def _notify(folder: Path, before: Known, where: str, found: Sequence[Finding]) -> None:
    """Tell what is new and what is well again; what could not be told is told the next time."""
    archive = str(folder)
    now = {(one.portal, one.rule): one.since for one in found}
    new = [one for one in found if (one.portal, one.rule) not in before]
    well = [key for key in before if key not in now]
    if not new and not well:
        return
    message = {
        "archive": archive,
        "unwell": [as_finding(one) for one in new],
        "well": [{"portal": portal, "rule": rule} for portal, rule in well],
        "text": _as_text(new, well, archive),
    }
    _tell(where, json.dumps(message, ensure_ascii=False).encode())
    # On a full disk it is told again and again: better twice than never.
    with suppress(DiskFull), closing(Ledger(folder)) as ledger:
        ledger.keep_findings(now)


def _as_text(new: Sequence[Finding], well: Sequence[tuple[str, str]], archive: str) -> str:
    lines = [f"{one.portal or archive}: {one.rule}: {one.says}. {one.do}" for one in new]
    return "\n".join(
        [*lines, *(f"{portal or archive}: {rule}: well again" for portal, rule in well)]
    )


def _tell(where: str, message: bytes) -> None:
    """Post to a URL, or give to a command. Raises ``ArchiveError`` if it does not take it."""
    if not where.startswith(("http://", "https://")):
        try:
            ran = subprocess.run(where, shell=True, input=message, timeout=NOTICE, check=False)
        except subprocess.TimeoutExpired as error:
            raise ArchiveError(f"--notify: {where!r} took more than {NOTICE:.0f} s") from error
        if ran.returncode:
            raise ArchiveError(f"--notify: {where!r} ended with {ran.returncode}")
        return
    request = urllib.request.Request(
        where, data=message, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=NOTICE):
            return
    except (urllib.error.URLError, OSError) as error:
        raise ArchiveError(f"--notify: {where} cannot be posted to: {error}") from error
