"""The ledger ``ledger.sqlite``: every run, every check of the archive, and what was found unwell.

It cannot be made again from the WARC files, so it has a file of its own, which nothing rebuilds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    and_,
    func,
    insert,
    inspect,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from archive.cli.common import Exit
from archive.sqlite import fault, open_engine

LEDGER: Final = "ledger.sqlite"
# A clock may be set back this far and its runs still count; a run noted as later than that was
# noted by a clock that was wrong, and must not silence a portal until then.
SET_BACK: Final = timedelta(hours=1)
# A run that was interrupted so often in a row waits for the next moment of its schedule.
ATTEMPTS: Final = 3

_metadata = MetaData()
_runs = Table(
    "runs",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("planned", Float),  # epoch seconds, as all times here; NULL: started by hand
    Column("missed", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("exit", Text),  # a name of Exit in lower case; NULL: it runs, or its process died
    Column("figures", Text, nullable=False),  # JSON
    Column("log", Text, nullable=False),  # relative to the archive's folder
)
Index("runs_of", _runs.c.portal, _runs.c.id)
_checks = Table(
    "checks",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # verify, maintain …
    Column("ended", Float, nullable=False),
    Column("damages", Integer, nullable=False),
    Column("figures", Text, nullable=False),  # JSON
)
_findings = Table(
    "findings",
    _metadata,
    Column("portal", Text, primary_key=True),  # "" for the archive
    Column("rule", Text, primary_key=True),
    Column("since", Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One crawl of one portal. Times are aware and UTC.

    ``planned`` is the moment of the schedule that it stands for, None if it was started by hand;
    ``missed`` counts earlier moments that it makes up for. ``attempt`` is 2 for one that was
    interrupted and started again. ``exit`` is None while it runs. ``figures`` are those of
    ``crawler.progress``, with ``articles`` (new, changed, unchanged) once it has ended.
    """

    id: int
    portal: str
    planned: datetime | None
    missed: int
    attempt: int
    started: datetime
    ended: datetime | None
    exit: Exit | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One look at what is kept: ``kind`` names the command. ``ended`` is aware and UTC."""

    kind: str
    ended: datetime
    damages: int
    figures: Mapping[str, Any] = field(default_factory=dict)


class Ledger:
    """The ledger of the archive in ``folder``, made where it is missing; any number may be open.

    Raises ``DiskFull`` or ``StoreError`` if it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER
        folder.mkdir(parents=True, exist_ok=True)
        self._engine = open_engine(f"sqlite:///{self.path}")
        self._reader = self._engine.execution_options(reads=True)
        with self._read() as tx:
            made = _metadata.tables.keys() <= set(inspect(tx).get_table_names())
        if not made:
            with self._begin() as tx:
                _metadata.create_all(tx)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def begin(
        self,
        portal: str,
        now: datetime,
        *,
        planned: datetime | None = None,
        missed: int = 0,
        log: str = "",
    ) -> int:
        """Note that a run starts and return its id. The caller holds the portal's lock.

        So a run of this portal that has no end has died: it is marked as interrupted.
        """
        with self._begin() as tx:
            self._bury(tx, portal, now)
            last = tx.execute(_newest(portal, now)).one_or_none()
            again = (
                last is not None
                and last.planned is not None
                and last.exit == "interrupted"
                and last.attempt < ATTEMPTS  # else that moment is done with
            )
            row = {
                "portal": portal,
                "planned": _seconds(planned),
                "missed": missed,
                "attempt": last.attempt + 1 if again and planned and last else 1,
                "started": now.timestamp(),
                "figures": "{}",
                "log": log,
            }
            made = tx.execute(insert(_runs).values(row)).inserted_primary_key
        assert made is not None
        return int(made[0])

    def end(self, run: int, exit: Exit, now: datetime, figures: Mapping[str, Any]) -> None:
        """Note that a run ended, why, and with what figures."""
        told = {
            "ended": now.timestamp(),
            "exit": exit.name.lower(),
            "figures": json.dumps(dict(figures), ensure_ascii=False),
        }
        with self._begin() as tx:
            tx.execute(update(_runs).where(_runs.c.id == run).values(told))

    def note(
        self, portal: str, now: datetime, planned: datetime, exit: Exit, figures: Mapping[str, Any]
    ) -> None:
        """Note a run that ended before it began."""
        at = now.timestamp()
        row = {
            "portal": portal,
            "planned": planned.timestamp(),
            "missed": 0,
            "attempt": 1,
            "started": at,
            "ended": at,
            "exit": exit.name.lower(),
            "figures": json.dumps(dict(figures), ensure_ascii=False),
            "log": "",
        }
        with self._begin() as tx:
            tx.execute(insert(_runs).values(row))

    def judge(self, run: int, exit: Exit) -> None:
        """Note another cause: whoever stopped a run knows better than the run itself."""
        with self._begin() as tx:
            tx.execute(update(_runs).where(_runs.c.id == run).values(exit=exit.name.lower()))

    def bury(self, portal: str, now: datetime) -> int:
        """Mark runs without an end as interrupted, for nobody holds the portal's lock."""
        with self._begin() as tx:
            return self._bury(tx, portal, now)

    def covered(self, portal: str, now: datetime) -> datetime | None:
        """Return the newest moment that a run of the portal stands for, None if none does.

        A scheduled run that was interrupted stands for nothing until it was tried ``ATTEMPTS``
        times; one that a person interrupted stands for nothing.
        """
        void = and_(
            _runs.c.exit == "interrupted",
            or_(_runs.c.planned.is_(None), _runs.c.attempt < ATTEMPTS),
        )
        newest = func.max(
            func.max(func.coalesce(_runs.c.planned, _runs.c.started), _runs.c.started)
        )
        # NULL, a run that has not ended, is not "interrupted".
        stands = or_(_runs.c.exit.is_(None), not_(void))
        query = select(newest).where(_runs.c.portal == portal, stands, _sane(now))
        with self._read() as tx:
            return _time(tx.execute(query).scalar())

    def broken_off(self, portal: str, now: datetime) -> Run | None:
        """Return the portal's last run if it was interrupted and is to be started again."""
        with self._read() as tx:
            row = tx.execute(_newest(portal, now)).one_or_none()
        if row is None or row.exit != "interrupted" or row.planned is None:
            return None
        return _run(row) if row.attempt < ATTEMPTS else None

    def runs(self, portal: str = "", *, most: int = 50) -> list[Run]:
        """Return the newest runs, newest first."""
        query = select(_runs).order_by(_runs.c.id.desc()).limit(most)
        return self._select(query.where(_runs.c.portal == portal) if portal else query)

    def run(self, number: int) -> Run | None:
        """Return one run by its id."""
        found = self._select(select(_runs).where(_runs.c.id == number))
        return found[0] if found else None

    def running(self) -> list[Run]:
        """Return the runs without an end: alive, or dead and not buried yet."""
        return self._select(select(_runs).where(_runs.c.ended.is_(None)).order_by(_runs.c.id))

    def last_ended(self) -> list[Run]:
        """Return each portal's newest run that has ended."""
        newest = select(func.max(_runs.c.id)).where(_runs.c.ended.is_not(None))
        return self._select(select(_runs).where(_runs.c.id.in_(newest.group_by(_runs.c.portal))))

    def spent(self, portal: str, since: datetime) -> tuple[int, int]:
        """Return the requests and the bytes of the portal's runs that started after ``since``."""
        of_month = _runs.c.started >= since.timestamp()
        found = self._select(select(_runs).where(_runs.c.portal == portal, of_month))
        pages = sum(int(run.figures.get("pages", 0)) for run in found)
        return pages, sum(int(run.figures.get("bytes", 0)) for run in found)

    def count(self) -> dict[tuple[str, str], int]:
        """Return how many runs ended, by portal and exit."""
        query = (
            select(_runs.c.portal, _runs.c.exit, func.count())
            .where(_runs.c.exit.is_not(None))
            .group_by(_runs.c.portal, _runs.c.exit)
        )
        with self._read() as tx:
            return {(row[0], row[1]): row[2] for row in tx.execute(query)}

    def note_check(
        self, kind: str, now: datetime, damages: int, figures: Mapping[str, Any]
    ) -> None:
        """Note that ``verify`` or another check ended."""
        row = {
            "kind": kind,
            "ended": now.timestamp(),
            "damages": damages,
            "figures": json.dumps(dict(figures), ensure_ascii=False),
        }
        with self._begin() as tx:
            tx.execute(insert(_checks).values(row))

    def last_check(self, kind: str) -> Check | None:
        """Return the newest check of a kind."""
        query = select(_checks).where(_checks.c.kind == kind).order_by(_checks.c.id.desc())
        with self._read() as tx:
            row = tx.execute(query.limit(1)).one_or_none()
        if row is None:
            return None
        ended = datetime.fromtimestamp(row.ended, UTC)
        return Check(row.kind, ended, row.damages, json.loads(row.figures))

    def findings(self) -> dict[tuple[str, str], datetime]:
        """Return what was unwell when it was last told: (portal, rule) and since when."""
        with self._read() as tx:
            rows = tx.execute(select(_findings)).all()
        return {(r.portal, r.rule): datetime.fromtimestamp(r.since, UTC) for r in rows}

    def keep_findings(self, now: Mapping[tuple[str, str], datetime]) -> None:
        """Note what is unwell and has been told."""
        rows = [
            {"portal": portal, "rule": rule, "since": since.timestamp()}
            for (portal, rule), since in now.items()
        ]
        with self._begin() as tx:
            tx.execute(_findings.delete())
            if rows:
                tx.execute(insert(_findings), rows)

    def _select(self, query: Select[Any]) -> list[Run]:
        with self._read() as tx:
            return [_run(row) for row in tx.execute(query)]

    def _bury(self, tx: Connection, portal: str, now: datetime) -> int:
        dead = and_(_runs.c.portal == portal, _runs.c.ended.is_(None))
        last = {"ended": now.timestamp(), "exit": "interrupted"}
        return tx.execute(update(_runs).where(dead).values(last)).rowcount

    def _begin(self) -> AbstractContextManager[Connection]:
        return self._transaction(self._engine)

    def _read(self) -> AbstractContextManager[Connection]:
        return self._transaction(self._reader)

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as tx:
                yield tx
        except DBAPIError as error:
            raise fault(error, f"the ledger {self.path}") from error


def _sane(now: datetime) -> Any:
    return _runs.c.started <= (now + SET_BACK).timestamp()


def _newest(portal: str, now: datetime) -> Select[Any]:
    query = select(_runs).where(_runs.c.portal == portal, _sane(now))
    return query.order_by(_runs.c.id.desc()).limit(1)


def _run(row: Row[Any]) -> Run:
    return Run(
        row.id,
        row.portal,
        _time(row.planned),
        row.missed,
        row.attempt,
        datetime.fromtimestamp(row.started, UTC),
        _time(row.ended),
        Exit[row.exit.upper()] if row.exit else None,
        json.loads(row.figures),
        row.log,
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
