"""When a portal is due: a year of schedules, clocks that leap, and what a person may write."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from archive.errors import BadSetting
from crawler.portal import Declaration, read_declaration, to_toml
from crawler.schedule import (
    ADAPTIVE,
    GRACE,
    LATEST,
    SOONEST,
    Due,
    Timetable,
    due,
    moments,
    month_start,
    next_start,
    read_hours,
    read_schedule,
    start_of,
)

NOW = datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC)  # a Monday


def table(schedule: str, zone: str = "UTC", **more) -> Timetable:
    return Timetable("demo", read_schedule(schedule), ZoneInfo(zone), **more)


def local(schedule: str, zone: str, after: datetime, count: int) -> list[str]:
    found = islice(moments(table(schedule, zone), after), count)
    return [f"{at.astimezone(ZoneInfo(zone)):%a %d %H:%M %Z}" for at in found]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weekday", "name"), [("0", "Sun"), ("1", "Mon"), ("6", "Sat"), ("7", "Sun"), ("tue", "Tue")]
)
def test_the_day_of_week_is_crons(weekday, name):
    days = {said[:3] for said in local(f"0 0 * * {weekday}", "Asia/Kolkata", NOW, 60)}
    assert days == {name}


def test_india_is_half_an_hour_off_and_its_day_is_its_own():
    first = next(moments(table("daily", "Asia/Kolkata"), NOW))
    assert first == utc(2026, 3, 2, 22, 30)
    hours = list(islice(moments(table("hourly", "Asia/Kolkata"), NOW), 24))
    assert {at.minute for at in hours} == {30}
    assert all(b - a == timedelta(hours=1) for a, b in pairwise(hours))


def test_a_time_that_the_clock_leaps_over_comes_when_the_leap_is_done():
    # New York, 8 March 2026: 02:00 EST is 03:00 EDT.
    assert local("30 2 * * *", "America/New_York", utc(2026, 3, 7, 12), 3) == [
        "Sun 08 03:00 EDT",
        "Mon 09 02:30 EDT",
        "Tue 10 02:30 EDT",
    ]


def test_a_time_that_comes_twice_counts_once():
    # Berlin, 25 October 2026: 03:00 CEST is 02:00 CET.
    said = local("30 2 * * *", "Europe/Berlin", utc(2026, 10, 24, 12), 2)
    assert said == ["Sun 25 02:30 CEST", "Mon 26 02:30 CET"]
    # Also for whoever asks between the two.
    between = utc(2026, 10, 25, 1, 10)
    assert local("30 2 * * *", "Europe/Berlin", between, 1) == ["Mon 26 02:30 CET"]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", utc(2026, 10, 24, 20)),
        ("Europe/Berlin", utc(2026, 3, 28, 20)),
        ("Australia/Lord_Howe", utc(2026, 4, 4, 8)),  # by half an hour
        ("America/Santiago", utc(2026, 9, 5, 20)),  # at midnight
        ("Asia/Kolkata", utc(2026, 10, 24, 20)),
    ],
)
def test_every_half_hour_is_every_half_hour_that_passes(zone, day):
    found = list(islice(moments(table("*/30 * * * *", zone), day), 48))
    assert all(b - a == timedelta(minutes=30) for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("schedule", "runs", "zone"),
    [
        ("*/30 * * * *", 17520, "Asia/Kolkata"),
        ("hourly", 8760, "Europe/Berlin"),
        ("daily", 365, "America/New_York"),
    ],
)
def test_a_year_runs_as_often_as_it_says(schedule, runs, zone):
    """A supervisor that looks every 17 minutes starts each moment once, in order, none early."""
    one = table(schedule, zone)
    now, end = utc(2026, 1, 1), utc(2027, 1, 1)
    step = timedelta(minutes=17)
    covered, planned = now, []
    while now < end:
        now += step
        if found := due(one, covered, now):
            assert covered < found.planned <= now
            assert not found.missed
            covered = found.planned
            planned.append(covered)
    assert len(planned) == pytest.approx(runs, abs=1)
    assert planned == sorted(set(planned))


def test_what_was_missed_folds_into_one_run():
    one = table("*/30 * * * *")
    covered = NOW - timedelta(hours=5)
    assert due(one, covered, NOW) == Due(utc(2026, 3, 2, 10), missed=9)
    assert due(one, utc(2026, 3, 2, 10), NOW) is None
    # Years away: one run, and it takes no time to say so.
    assert due(one, NOW - timedelta(days=3000), NOW).planned == utc(2026, 3, 2, 10)


def test_none_lets_go_what_was_missed_and_keeps_what_is_on_time():
    one = table("0 */6 * * *", catch_up="none")
    six = utc(2026, 3, 2, 6)
    assert due(one, six - timedelta(days=1), six + GRACE) == Due(six, missed=3)
    assert due(one, six - timedelta(days=1), six + GRACE + timedelta(seconds=1)) is None
    assert next_start(one, six - timedelta(days=1), NOW) == utc(2026, 3, 2, 12)


def test_a_portal_that_was_never_crawled_is_due_at_once_in_its_hours():
    assert due(table("daily"), None, NOW) == Due(NOW)
    night = table("daily", hours=read_hours("22:00-05:00"))
    assert due(night, None, NOW) is None
    assert next_start(night, None, NOW) == utc(2026, 3, 2, 22)


def test_hours_are_the_portals_and_may_go_over_midnight():
    one = table("hourly", "Asia/Kolkata", hours=read_hours("22:00-02:00"))
    said = {f"{at.astimezone(one.zone):%H}" for at in islice(moments(one, NOW), 20)}
    assert said == {"22", "23", "00", "01"}
    all_day = table("hourly", hours=read_hours("6:00-24:00"))
    assert {at.hour for at in islice(moments(all_day, NOW), 40)} == set(range(6, 24))


def test_until_is_the_last_day():
    one = table("daily", "Asia/Kolkata", until=date(2026, 3, 4))
    assert len(list(moments(one, NOW))) == 2
    assert due(one, NOW, utc(2026, 3, 4, 20)) is None  # the 5th in India
    assert next_start(one, utc(2026, 3, 4, 10), utc(2026, 3, 4, 10)) is None


def test_jitter_spreads_portals_and_is_the_same_whenever_it_is_asked():
    spread = {
        start_of(
            Timetable(f"p{n}", "0 * * * *", ZoneInfo("UTC"), jitter=timedelta(minutes=10)), NOW
        )
        for n in range(30)
    }
    assert len(spread) == 30
    assert all(NOW <= at < NOW + timedelta(minutes=10) for at in spread)
    one = table("hourly", jitter=timedelta(minutes=10))
    ten = utc(2026, 3, 2, 10)
    start = start_of(one, ten)
    before = ten - timedelta(minutes=30)
    assert due(one, before, start - timedelta(seconds=1)) is None
    assert next_start(one, before, ten + timedelta(seconds=1)) == start
    assert due(one, before, start) == Due(ten)


def test_jitter_never_reaches_past_the_hours_or_the_last_day():
    for more in (
        {"hours": read_hours("22:00-23:00"), "catch_up": "none"},
        {"until": date(2026, 3, 2)},
    ):
        one = table("55 22 * * *", jitter=timedelta(minutes=600), **more)
        moment = utc(2026, 3, 2, 22, 55)
        assert start_of(one, moment) == moment
        assert due(one, moment - timedelta(hours=1), moment) == Due(moment)


def test_adaptive_asks_the_frontier_within_bounds():
    one = table(ADAPTIVE)
    covered = NOW - timedelta(hours=1)
    assert due(one, covered, NOW, asked=NOW + timedelta(hours=2)) is None
    assert next_start(one, covered, NOW, NOW + timedelta(hours=2)) == NOW + timedelta(hours=2)
    assert due(one, covered, NOW, asked=NOW) == Due(NOW)
    # Something is always due: ten minutes between two runs all the same.
    assert due(one, NOW - timedelta(minutes=5), NOW, asked=NOW) is None
    assert next_start(one, NOW, NOW, asked=NOW) == NOW + SOONEST
    # Nothing is known to be due: once a day.
    assert next_start(one, NOW, NOW, asked=None) == NOW + LATEST


def test_next_start_is_when_due_becomes_true():
    """Over random tables and times, what is foretold is what happens, to the second."""
    dice = random.Random(7)
    for _ in range(60):
        one = Timetable(
            f"p{dice.random()}",
            dice.choice(["*/30 * * * *", "0 * * * *", "15 3 * * 1", "0 4 * * *"]),
            ZoneInfo(dice.choice(["Asia/Kolkata", "Europe/Berlin", "UTC"])),
            timedelta(minutes=dice.choice([0, 5, 45])),
            dice.choice(["once", "none"]),
        )
        now = utc(2026, 1, 1) + timedelta(seconds=dice.randrange(365 * 86400))
        covered = now - timedelta(minutes=dice.randrange(20_000))
        start = next_start(one, covered, now)
        if start > now:
            assert due(one, covered, start - timedelta(milliseconds=1)) is None
        assert due(one, covered, start) is not None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('schedule = "sometimes"', "'sometimes' is no schedule"),
        ('schedule = "* * * *"', "no schedule"),
        ('schedule = "* * * * * *"', "no schedule"),
        ('schedule = "61 * * * *"', "bad minute"),
        ('schedule = "0 0 31 2 *"', "bad day-of-month"),
        ('active_hours = "late"', 'write "06:00-23:00"'),
        ('active_hours = "6:00-25:00"', 'write "06:00-23:00"'),
        ('active_hours = "06:00-06:00"', "leave the key out"),
        ('schedule = "daily"\nactive_hours = "06:00-23:00"', "never falls into"),
        ('catch_up = "twice"', "catch_up"),
        ("jitter = -1", "jitter"),
        ("month_pages = 0", "month_pages"),
        ('until = "soon"', "until"),
    ],
)
def test_what_will_not_do_is_refused_with_file_and_line(tmp_path, key, said):
    path = tmp_path / "demo.toml"
    path.write_text(f'id = "demo"\nhome = "https://demo.example/"\n{key}\n')
    with pytest.raises(BadSetting, match=r"demo\.toml:[34]: ") as refused:
        read_declaration(path)
    assert said in str(refused.value)


def test_a_schedule_reads_back_as_it_was_written(tmp_path):
    path = tmp_path / "demo.toml"
    portal = Declaration(
        id="demo",
        home="https://demo.example/",
        timezone="Asia/Kolkata",
        schedule="*/30 * * * *",
        jitter=5,
        catch_up="none",
        active_hours="05:30-24:00",
        until=date(2027, 3, 31),
        month_pages=60_000,
    )
    path.write_text(to_toml(portal))
    assert "until = 2027-03-31" in path.read_text()
    assert read_declaration(path) == portal
    assert portal.timetable() == Timetable(
        "demo",
        "*/30 * * * *",
        ZoneInfo("Asia/Kolkata"),
        timedelta(minutes=5),
        "none",
        read_hours("05:30-24:00"),
        date(2027, 3, 31),
    )
    assert Declaration(id="demo", home="https://demo.example/").timetable() is None


def test_a_month_begins_on_the_portals_clock():
    assert month_start(ZoneInfo("Asia/Kolkata"), utc(2026, 3, 31, 19)) == utc(2026, 3, 31, 18, 30)
    assert month_start(ZoneInfo("America/New_York"), utc(2026, 3, 20)) == utc(2026, 3, 1, 5)
