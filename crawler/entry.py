"""A crawl of one portal as the ledger knows it: locked, begun, ended with its cause and figures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.cli.common import Exit
from archive.ledger import Ledger
from crawler import lock
from crawler.certificate import examine
from crawler.child import CrawlProcess
from crawler.portal import Declaration
from crawler.schedule import month_start


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: the command line's limits, and the moment of a schedule it stands for.

    A ``frontier`` that is named is shared with other workers: then any number may crawl a portal.
    """

    max_pages: int | None = None
    max_minutes: float | None = None
    full: bool = False
    frontier: str = ""
    planned: datetime | None = None
    missed: int = 0
    due: bool = False

    def options(self, portal: Declaration, rest: Rest) -> list[str]:
        """Return the options of ``crawler.run``."""
        asked = portal.max_pages if self.max_pages is None else self.max_pages
        pages = min((n for n in (asked, rest.pages) if n is not None), default=None)
        told = {
            "--max-pages": pages,
            "--max-minutes": self.max_minutes,
            "--max-bytes": rest.bytes,
            "--frontier": self.frontier or None,
        }
        made = [
            text for name, value in told.items() if value is not None for text in (name, str(value))
        ]
        made += ["--due"] if self.due else []
        return [*made, "--full"] if self.full else made


@dataclass(frozen=True, slots=True)
class Rest:
    """What a portal's budgets of the month leave; None where there is no budget."""

    pages: int | None = None
    bytes: int | None = None

    @property
    def spent(self) -> bool:
        return any(left is not None and left <= 0 for left in (self.pages, self.bytes))


def rest_of_month(portal: Declaration, ledger: Ledger, now: datetime) -> Rest:
    """Return what the month's budgets leave at ``now``, the calendar being the portal's."""
    if portal.month_pages is None and portal.month_bytes is None:
        return Rest()
    pages, size = ledger.spent(portal.id, month_start(portal.zone, now))
    return Rest(_less(portal.month_pages, pages), _less(portal.month_bytes, size))


def _less(budget: int | None, spent: int) -> int | None:
    return None if budget is None else budget - spent


class Entry:
    """One portal's crawl, from its lock to its row's end.

    Raises ``ArchiveBusy`` if another process crawls the portal.
    """

    def __init__(self, archive: Path, portal: Declaration, ledger: Ledger, order: Order) -> None:
        self.portal = portal
        self.code: Exit | None = None
        self._archive, self._ledger, self._order = archive, ledger, order
        self._lock = None if order.frontier else lock.take(archive, portal.id)
        self._row: int | None = None
        self._certificate: dict[str, str] = {}
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        self.process = CrawlProcess(portal.id, archive / "logs" / f"{portal.id}-{stamp}.log")

    def start(self, now: datetime) -> None:
        """Start the crawl and note it, unless its moment is covered or its month's budget spent."""
        order, ledger = self._order, self._ledger
        covered = ledger.covered(self.portal.id, now) if order.planned else None
        if order.planned and covered and covered >= order.planned:
            self.code = Exit.NOTHING  # two supervisors meant the same moment; the other was faster
            return
        rest = rest_of_month(self.portal, ledger, now)
        if rest.spent:
            self.code = Exit.BUDGET
            self.process.figures = {"budget": "month", "cause": "the month's budget is spent"}
            return
        self._row = ledger.begin(
            self.portal.id,
            now,
            planned=order.planned,
            missed=order.missed,
            log=str(self.process.log.relative_to(self._archive)),
        )
        self.process.start(self._archive, order.options(self.portal, rest), self._lock)
        self._certificate = examine(self.portal.home)

    @property
    def started(self) -> bool:
        return self._row is not None

    @property
    def crawl(self) -> str:
        """The crawl's id, "" until it has told it."""
        return str(self.process.figures.get("crawl", ""))

    def end(self, now: datetime, articles: Mapping[str, int], exit: Exit | None = None) -> None:
        """Note the end. ``exit`` is for what the crawl itself cannot know."""
        if self._row is None or self.code is None:
            return
        figures: dict[str, Any] = {**self.process.figures, "articles": dict(articles)}
        if self._certificate:
            figures["certificate"] = self._certificate
        figures.pop("queued", None)
        self._ledger.end(self._row, exit or self.code, now, figures)

    def wait(self) -> Exit:
        """Wait for the process and return why it ended."""
        if self.code is None:
            self.code = self.process.wait()
        return self.code

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
