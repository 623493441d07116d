"""The supervisor under a clock of the tests: years in seconds, deaths at random moments.

Only the processes are simulated, as :class:`World` does it: they take a lock, ask the ledger, end
or die as real crawls do. Portal files and the ledger are real ones.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from archive import exclusions
from archive.cli.common import Exit
from archive.ledger import Ledger
from crawler.schedule import Due
from crawler.supervisor import SETTLE, URGE, Supervisor, next_of
from tests.crawler.crawls import declare

NOW = datetime(2026, 3, 2, 9, 59, 50, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Process:
    """A simulated crawl: it begins a moment after it was started, and ends, hangs or dies."""

    portal: str
    due: Due
    begins: datetime
    lasts: timedelta
    run: int | None = None
    code: int | None = None
    stops: int = 0


@dataclass
class World:
    """All processes of a machine, and its clock."""

    ledger: Ledger
    now: datetime = NOW
    elapsed: float = 0.0
    lasts: timedelta = 5 * MINUTE
    delay: timedelta = timedelta(0)
    code: Exit = Exit.OK
    hangs: bool = False
    alive: list[Process] = field(default_factory=list)
    most: int = 0
    begun: list[tuple[str, datetime]] = field(default_factory=list)

    def holds(self, portal: str) -> bool:
        return any(p.portal == portal and p.run is not None for p in self.alive)

    def advance(self, step: timedelta) -> None:
        """Let time go by: processes begin, end and are gone."""
        self.now += step
        self.elapsed += step.total_seconds()
        for process in list(self.alive):
            if process.run is None and self.now >= process.begins:
                self._begin(process)
            over = self.now >= process.begins + process.lasts and not self.hangs
            if process.run is not None and process.code is None and over:
                self.finish(process, self.code)
        self.most = max(self.most, sum(p.run is not None for p in self.alive))

    def _begin(self, process: Process) -> None:
        """As crawler.entry does: the lock, then the ledger, then the run."""
        covered = self.ledger.covered(process.portal, self.now)
        if self.holds(process.portal):
            self.finish(process, Exit.BUSY)
        elif covered and covered >= process.due.planned:
            self.finish(process, Exit.NOTHING)
        else:
            due = process.due
            process.run = self.ledger.begin(
                process.portal, self.now, planned=due.planned, missed=due.missed
            )
            self.begun.append((process.portal, self.now))

    def finish(self, process: Process, code: Exit) -> None:
        if process.run is not None:
            self.ledger.end(process.run, code, self.now, {})
        self.die(process, int(code))

    def die(self, process: Process, code: int = -9) -> None:
        process.code = code
        self.alive.remove(process)


@dataclass
class Hand:
    """What one supervisor sees of the world; its children are its own."""

    world: World
    children: dict[str, Process] = field(default_factory=dict)

    def start(self, portal: str, due: Due, *, due_only: bool) -> None:
        world = self.world
        process = Process(portal, due, world.now + world.delay, world.lasts)
        world.alive.append(process)
        self.children[portal] = process

    def busy(self, portal: str) -> bool:
        return portal in self.children or self.world.holds(portal)

    def reap(self) -> dict[str, tuple[int, str]]:
        ended = {p: c for p, c in self.children.items() if c.code is not None}
        self.children = {p: c for p, c in self.children.items() if c.code is None}
        return {portal: (child.code, "said") for portal, child in ended.items()}

    def stop(self, portal: str, *, kill: bool) -> None:
        for process in [p for p in self.world.alive if p.portal == portal]:
            process.stops += 1
            if kill:
                self.world.die(process)
            elif not self.world.hangs:
                self.world.finish(process, Exit.INTERRUPTED)


@pytest.fixture
def ledger(tmp_path):
    with closing(Ledger(tmp_path)) as ledger:
        yield ledger


@pytest.fixture
def world(ledger):
    return World(ledger)


def portals(folder: Path, count: int, **keys) -> None:
    keys.setdefault("timezone", "UTC")
    for n in range(count):
        declare(folder, "https://demo.example/", name=f"p{n:02d}", **keys)


def supervisor(folder: Path, world: World, **more) -> Supervisor:
    more.setdefault("asked", lambda portal: None)
    return Supervisor(folder, world.ledger, Hand(world), floor=0, **more)


def turn(one: Supervisor, world: World, span: timedelta, step: timedelta = MINUTE / 2) -> None:
    """Let the supervisor run for ``span`` of the world's time."""
    end = world.now + span
    while world.now < end:
        world.advance(step)
        one.tick(world.now, world.elapsed)


def cover(ledger: Ledger, portal: str, at: datetime) -> None:
    run = ledger.begin(portal, at)
    ledger.end(run, Exit.OK, at, {})


def test_two_days_of_half_hours_is_run_once_each(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="*/30 * * * *")
    cover(ledger, "p00", NOW)
    turn(supervisor(tmp_path, world), world, timedelta(days=2), step=MINUTE)
    starts = [at for _, at in world.begun]
    assert len(starts) == 2 * 48
    assert {at.minute for at in starts} <= {0, 1, 30, 31}
    assert all(run.missed == 0 for run in ledger.runs("p00", most=5000))


def test_thirty_portals_due_at_once_wait_for_their_turn(tmp_path, ledger, world):
    portals(tmp_path, 30, schedule="hourly")
    for n in range(30):
        cover(ledger, f"p{n:02d}", NOW)
    world.lasts = 3 * MINUTE
    turn(supervisor(tmp_path, world, at_once=4), world, HOUR - MINUTE)
    assert world.most == 4
    assert Counter(portal for portal, _ in world.begun) == {f"p{n:02d}": 1 for n in range(30)}
    # And the next hour again: nobody is left behind by those that come first by name.
    turn(supervisor(tmp_path, world, at_once=4), world, HOUR)
    assert set(Counter(portal for portal, _ in world.begun).values()) == {2}


def test_too_much_for_the_day_folds_and_takes_turns(tmp_path, ledger, world):
    """Five portals every half hour, each takes twenty minutes, one at once: all get their share."""
    portals(tmp_path, 5, schedule="*/30 * * * *")
    world.lasts = 20 * MINUTE
    turn(supervisor(tmp_path, world, at_once=1), world, timedelta(hours=9), step=MINUTE)
    counts = Counter(portal for portal, _ in world.begun)
    assert set(counts) == {f"p0{n}" for n in range(5)}
    assert max(counts.values()) - min(counts.values()) <= 2
    assert len(world.begun) == 9 * 3


def test_what_was_missed_while_it_was_off_is_one_run(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="hourly")
    cover(ledger, "p00", NOW - timedelta(days=3))
    turn(supervisor(tmp_path, world), world, 8 * MINUTE)
    (run,) = ledger.runs("p00")[:-1]
    assert (run.planned.hour, run.missed) == (10, 72)
    portals(tmp_path, 1, schedule="hourly", catch_up="none")
    world.now += timedelta(days=2)
    turn(supervisor(tmp_path, world), world, 30 * MINUTE)
    assert len(ledger.runs("p00")) == 2


def test_a_run_that_outlasts_its_interval_is_followed_by_one(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="*/10 * * * *")
    cover(ledger, "p00", NOW)
    world.lasts = 45 * MINUTE
    turn(supervisor(tmp_path, world), world, timedelta(minutes=100))
    assert [f"{at:%H:%M}" for _, at in world.begun] == ["10:00", "10:45", "11:30"]
    assert [run.missed for run in ledger.runs("p00")[:2]] == [4, 3]


def test_a_clock_set_back_repeats_nothing_and_one_set_ahead_folds(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="*/30 * * * *")
    cover(ledger, "p00", NOW)
    one = supervisor(tmp_path, world)
    turn(one, world, 3 * HOUR)
    done = len(world.begun)
    world.now -= 40 * MINUTE
    turn(one, world, 39 * MINUTE)
    assert len(world.begun) == done
    turn(one, world, HOUR)
    assert len(world.begun) == done + 2
    world.now += timedelta(days=365)
    turn(one, world, MINUTE)
    assert len(world.begun) == done + 3
    turn(one, world, 10 * MINUTE)
    # Years back: what the wrong clock noted does not silence the portal until then.
    world.now -= timedelta(days=365)
    done = len(world.begun)
    turn(one, world, HOUR)
    assert len(world.begun) == done + 3  # of 14:00, 14:30 and 15:00


def test_a_hanging_run_is_asked_then_told_then_killed_and_not_repeated(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="daily", max_minutes=10)
    world.hangs = True
    one = supervisor(tmp_path, world)
    turn(one, world, 10 * MINUTE + timedelta(seconds=SETTLE) - MINUTE)
    (process,) = world.alive
    assert process.stops == 0
    turn(one, world, timedelta(minutes=1, seconds=10 + 3 * URGE))
    assert process.stops == 3
    assert not world.alive
    (run,) = ledger.runs("p00")
    assert run.exit is Exit.HUNG
    turn(one, world, HOUR)
    assert len(ledger.runs("p00")) == 1


def test_an_adopted_run_that_hangs_is_stopped_too_and_a_persons_is_not(tmp_path, ledger, world):
    portals(tmp_path, 2, schedule="daily", max_minutes=10)
    world.hangs = True
    cover(ledger, "p01", NOW)
    turn(supervisor(tmp_path, world), world, MINUTE)
    byhand = Process("p01", Due(NOW), NOW, HOUR, run=ledger.begin("p01", NOW))
    world.alive.append(byhand)
    turn(supervisor(tmp_path, world), world, HOUR)
    assert world.alive == [byhand]
    assert byhand.stops == 0
    assert ledger.runs("p00")[0].exit is Exit.HUNG


def test_an_interrupted_run_is_started_again_three_times_then_waits(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="hourly")
    cover(ledger, "p00", NOW)
    one = supervisor(tmp_path, world)
    while world.now < NOW + 50 * MINUTE:
        turn(one, world, MINUTE)
        for process in list(world.alive):
            world.die(process)
    runs = ledger.runs("p00")[:-1]
    assert [run.attempt for run in runs] == [3, 2, 1]
    assert {run.exit for run in runs} == {Exit.INTERRUPTED}
    assert len({run.planned for run in runs}) == 1
    turn(one, world, 30 * MINUTE)
    assert ledger.runs("p00")[0].exit is Exit.OK


def test_stopped_in_order_it_goes_on_where_it_was(tmp_path, ledger, world):
    portals(tmp_path, 3, schedule="daily")
    one = supervisor(tmp_path, world, at_once=3)
    turn(one, world, MINUTE)
    assert sorted(one.stop()) == ["p00", "p01", "p02"]
    world.advance(MINUTE)
    assert not world.alive
    turn(supervisor(tmp_path, world, at_once=3), world, 10 * MINUTE)
    assert Counter((run.portal, run.exit) for run in ledger.runs()) == {
        (f"p0{n}", exit): 1 for n in range(3) for exit in (Exit.INTERRUPTED, Exit.OK)
    }


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_it_runs_nothing_twice_and_forgets_nothing(
    tmp_path, ledger, world, seed
):
    """Supervisors and crawls die at random; between fork and lock, too."""
    dice = random.Random(seed)
    portals(tmp_path, 4, schedule="*/20 * * * *")
    for n in range(4):
        cover(ledger, f"p{n:02d}", NOW)
    one = supervisor(tmp_path, world, at_once=2)
    world.lasts = 4 * MINUTE
    off = timedelta(0)
    while world.now < NOW + timedelta(hours=6):
        world.delay = timedelta(seconds=dice.choice([0, 0, 2, 25]))
        world.lasts = dice.choice([1, 3, 8]) * MINUTE
        turn(one, world, timedelta(seconds=dice.randrange(5, 400)), step=timedelta(seconds=10))
        if world.alive and dice.random() < 0.15:
            world.die(dice.choice(world.alive))
        if dice.random() < 0.5:
            if dice.random() < 0.3:
                off = timedelta(seconds=dice.randrange(600))
                for _ in range(int(off.total_seconds() / 10)):
                    world.advance(timedelta(seconds=10))
            one = supervisor(tmp_path, world, at_once=2)
    turn(one, world, HOUR)
    runs = defaultdict(list)
    for run in reversed(ledger.runs(most=10_000)):
        runs[run.portal].append(run)
    assert len(runs) == 4
    interrupted = 0
    for of_portal in runs.values():
        whole = [run for run in of_portal[1:] if run.exit is not Exit.INTERRUPTED]
        interrupted += len(of_portal) - 1 - len(whole)
        planned = [run.planned for run in whole if run.ended]
        assert len(planned) == len(set(planned)), "a moment was run twice"
        for sooner, later in pairwise(of_portal):
            assert sooner.ended <= later.started, "two runs at once"
        for sooner, later in pairwise([of_portal[0], *whole]):
            covered = max(sooner.planned or sooner.started, sooner.started)
            gap = later.planned - covered
            assert gap <= (later.missed + 1) * 20 * MINUTE, "a moment is in no run's account"
        assert of_portal[-1].started >= world.now - 40 * MINUTE, "a portal was forgotten"
    assert interrupted > 1, "nothing died: nothing was tried"


def test_what_a_person_changes_is_heeded_and_what_is_broken_keeps_its_schedule(
    tmp_path, ledger, world, caplog
):
    portals(tmp_path, 2, schedule="*/30 * * * *")
    cover(ledger, "p00", NOW)
    cover(ledger, "p01", NOW)
    one = supervisor(tmp_path, world)
    turn(one, world, MINUTE)
    rewrite(tmp_path, "p00", "schedule = 'sometimes'")
    rewrite(tmp_path, "p01", "schedule = '*/10 * * * *'")
    world.begun.clear()
    turn(one, world, 59 * MINUTE)
    assert Counter(portal for portal, _ in world.begun) == {"p00": 1, "p01": 5}
    assert caplog.text.count("sometimes") == 1
    (tmp_path / "portals" / "p01.toml").unlink()
    world.begun.clear()
    turn(one, world, HOUR)
    assert Counter(portal for portal, _ in world.begun) == {"p00": 2}


def test_a_file_that_was_moved_away_and_put_back_is_read_again(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="*/30 * * * *")
    cover(ledger, "p00", NOW)
    one = supervisor(tmp_path, world)
    turn(one, world, MINUTE)
    path, aside = tmp_path / "portals" / "p00.toml", tmp_path / "p00.toml"
    path.rename(aside)  # its time of change stays
    turn(one, world, 2 * MINUTE)
    assert "p00" not in one.portals
    aside.rename(path)
    turn(one, world, 2 * MINUTE)
    assert "p00" in one.portals


def test_a_file_that_goes_while_it_is_looked_at_is_gone(tmp_path, ledger, world, monkeypatch):
    portals(tmp_path, 1, schedule="*/30 * * * *")
    one = supervisor(tmp_path, world)
    path = tmp_path / "portals" / "p00.toml"
    monkeypatch.setattr("crawler.supervisor.portal_files", lambda _: {"p00": path})
    turn(one, world, MINUTE)
    path.unlink()
    turn(one, world, 2 * MINUTE)
    assert not one.portals


def rewrite(folder: Path, portal: str, line: str) -> None:
    path = folder / "portals" / f"{portal}.toml"
    kept = [one for one in path.read_text().splitlines() if not one.startswith("schedule")]
    path.write_text("\n".join([*kept, line]) + "\n")


def test_a_crawl_that_cannot_begin_is_in_the_ledger_and_waits_for_its_next_moment(
    tmp_path, ledger, world
):
    portals(tmp_path, 1, schedule="hourly")
    one = supervisor(tmp_path, world)

    def refuse(portal: str, due: Due, *, due_only: bool) -> None:
        one.crawls.children[portal] = Process(portal, due, world.now, HOUR, code=Exit.SETTING)

    one.crawls.start = refuse
    turn(one, world, HOUR + 5 * MINUTE)
    runs = ledger.runs("p00")
    assert [run.exit for run in runs] == [Exit.SETTING, Exit.SETTING]  # at once, and at eleven
    assert runs[0].figures["cause"] == "said"


def test_a_spent_month_waits_for_the_next(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="daily", timezone="Asia/Kolkata", month_pages=100)
    run = ledger.begin("p00", NOW - HOUR)
    ledger.end(run, Exit.OK, NOW, {"pages": 100})
    one = supervisor(tmp_path, world)
    world.now += timedelta(days=28)
    turn(one, world, timedelta(days=1), step=10 * MINUTE)
    assert world.begun == []
    # `schedule next` shows it for then: what waited is made up as the month begins.
    planned = next_of(one.portals["p00"], ledger, world.now, lambda _: None)
    assert planned == datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    turn(one, world, timedelta(hours=12), step=10 * MINUTE)
    assert world.begun[0][1] >= datetime(2026, 3, 31, 18, 30, tzinfo=UTC)  # April in India


def test_a_disk_under_its_floor_starts_nothing_and_forgets_nothing(tmp_path, ledger, world, caplog):
    portals(tmp_path, 1, schedule="daily")
    one = supervisor(tmp_path, world)
    one.floor = 10**18
    turn(one, world, HOUR)
    assert world.begun == []
    assert caplog.text.count("under the floor") == 1
    assert one.at_rest, "with --once it ends"
    assert not one.idle, "what waits is kept"
    one.floor = 0
    turn(one, world, MINUTE)
    assert len(world.begun) == 1


def test_what_is_excluded_is_not_started_until_that_is_taken_back(tmp_path, ledger, world):
    portals(tmp_path, 2, schedule="hourly")
    out = exclusions.target("p00")
    exclusions.exclude(tmp_path, out, reason="court order", by="me", now=NOW)
    one = supervisor(tmp_path, world)
    turn(one, world, 2 * HOUR)
    assert {portal for portal, *_ in world.begun} == {"p01"}
    exclusions.undo(tmp_path, out, reason="settled", by="me", now=NOW)
    turn(one, world, HOUR)
    assert {portal for portal, *_ in world.begun} == {"p00", "p01"}


def test_adaptive_follows_the_frontier(tmp_path, ledger, world):
    portals(tmp_path, 1, schedule="adaptive")
    cover(ledger, "p00", NOW)
    asked = NOW + 17 * MINUTE
    one = supervisor(tmp_path, world, asked=lambda portal: asked)
    turn(one, world, HOUR)
    assert world.begun[0][1] - asked <= MINUTE
    # What is due stays due for this frontier: ten minutes are between two starts.
    assert len(world.begun) == 5
