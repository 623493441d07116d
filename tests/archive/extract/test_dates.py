"""Printed dates: every form that Hindi and English portals print, and what is not a date."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from archive.extract.clock import clock, local_day
from archive.extract.dates import date_in_address, read_moment

INDIA = clock("Asia/Kolkata", "hi", datetime(2024, 12, 14, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "local", "precision"),
    [
        ("6 दिसंबर 2024 शाम 5:30 बजे", "2024-12-06T17:30", "minute"),
        ("१२ दिसम्बर २०२४", "2024-12-12T00:00", "day"),
        ("सोमवार, ९ दिसंबर २०२४ को शाम ०६:०५ बजे", "2024-12-09T18:05", "minute"),
        ("12-फ़रवरी-2024 रात 12:10 बजे", "2024-02-12T00:10", "minute"),
        ("12 \u095eरवरी 2024", "2024-02-12T00:00", "day"),
        ("3 अक्तूबर 2024, दोपहर 11:45", "2024-10-03T11:45", "minute"),
        ("December 13, 2024", "2024-12-13T00:00", "day"),
        ("Sept. 3, 2024", "2024-09-03T00:00", "day"),
        ("Dec 12, 2024 10:15 PM IST", "2024-12-12T22:15", "minute"),
        ("Updated: Fri, 13 Dec 2024 09:37 PM (IST)", "2024-12-13T21:37", "minute"),
        ("13th Dec 2024 | 11:30 AM", "2024-12-13T11:30", "minute"),
        ("Published: 03/12/2024, 05:30 pm", "2024-12-03T17:30", "minute"),
        ("12/13/2024", "2024-12-13T00:00", "day"),
        ("2024-12-13", "2024-12-13T00:00", "day"),
        ("2024-12-13T10:15:00+05:30", "2024-12-13T10:15", "second"),
        ("2024-12-13T10:15:00+0530", "2024-12-13T10:15", "second"),
        ("2024-12-13T10:15:00 05:30", "2024-12-13T10:15", "second"),
        ("2024-12-13 10:15:00", "2024-12-13T10:15", "second"),
        ("2024-12-12T20:15+00:00", "2024-12-13T01:45", "minute"),
        ("2024-12-13T00:00:00Z", "2024-12-13T00:00", "day"),
        ("Fri, 13 Dec 2024 10:15:00 +0530", "2024-12-13T10:15", "second"),
        ("Fri Dec 13 2024 10:15:00 GMT+0530 (India Standard Time)", "2024-12-13T10:15", "second"),
        ("1734081000", "2024-12-13T14:40", "second"),
        ("20241213", "2024-12-13T00:00", "day"),
        ("2 घंटे पहले", "2024-12-14T00:00", "day"),
        ("15 मिनट पहले", "2024-12-14T11:15", "minute"),
        ("3 days ago", "2024-12-11T00:00", "day"),
        ("२ दिन पहले", "2024-12-12T00:00", "day"),
        ("कल", "2024-12-13T00:00", "day"),
        ("आज, 10:30 AM", "2024-12-14T10:30", "minute"),
        ("दिसम्\u200dबर 13, 2024", "2024-12-13T00:00", "day"),
        ("सुबह 10:15, 13 दिसंबर 2024", "2024-12-13T10:15", "minute"),
        ("10:15 am, Fri, 13 December 24", "2024-12-13T10:15", "minute"),
        ("एक घंटा पहले", "2024-12-14T00:00", "day"),
        ("दिसंबर 2024", "2024-12-01T00:00", "month"),
    ],
)
def test_a_printed_date_is_read_in_the_portals_zone(text: str, local: str, precision: str) -> None:
    moment = read_moment(text, INDIA, "visible")
    assert moment is not None
    assert moment.at.astimezone(INDIA.zone).strftime("%Y-%m-%dT%H:%M") == local
    assert moment.precision == precision
    assert moment.text in text


@pytest.mark.parametrize(
    "text",
    ["", "Copyright © 2024", "1 year ago", "2 weeks ago", "332 देवी-देवताओं को", "45/99/2024",
     "30 फरवरी 2024", "2026-01-01", "1847-03-02", "मई दिवस", "न्यूज 24", "10:15 AM"],
)  # fmt: skip
def test_what_is_no_publication_date_is_not_read(text: str) -> None:
    assert read_moment(text, INDIA, "visible") is None


def test_without_a_capture_date_nothing_relative_is_read() -> None:
    assert read_moment("2 घंटे पहले", clock("Asia/Kolkata", "hi"), "visible") is None


def test_the_zone_is_the_portals_never_a_guess() -> None:
    utc = read_moment("13 दिसंबर 2024 10:15", clock("", "hi"), "visible")
    assert utc is not None
    assert (utc.at, utc.offset) == (datetime(2024, 12, 13, 10, 15, tzinfo=UTC), 0)
    israel = read_moment("13 Dec 2024 10:15 IST", clock("Asia/Jerusalem", "en"), "visible")
    assert israel is not None
    assert israel.offset == 120


def test_an_unknown_zone_is_utc_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        told = read_moment("13 दिसंबर 2024 10:15", clock("Asia/Shimla", "hi"), "visible")
        assert told is not None
        assert (told.at, told.offset) == (datetime(2024, 12, 13, 10, 15, tzinfo=UTC), 0)
        assert local_day(told, "Asia/Shimla") == date(2024, 12, 13)
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "'Asia/Shimla'" in caplog.text


@pytest.mark.parametrize("name", ["Asia", "../../etc/passwd", "a\0b", "x" * 5000, "Asia/कोलकाता"])
def test_what_is_no_zone_at_all_is_utc(name: str) -> None:
    assert clock(name).zone is UTC


def test_an_evening_in_utc_is_the_next_day_in_india() -> None:
    moment = read_moment("2024-12-12T20:15:00+00:00", INDIA, "json-ld:datePublished")
    assert moment is not None
    assert (moment.at, moment.offset) == (datetime(2024, 12, 12, 20, 15, tzinfo=UTC), 0)
    assert local_day(moment, "Asia/Kolkata") == date(2024, 12, 13)
    assert local_day(moment) == date(2024, 12, 12)


def test_american_pages_write_the_month_first() -> None:
    moment = read_moment("03/12/2024", clock("", "en-US"), "visible")
    assert moment is not None
    assert local_day(moment) == date(2024, 3, 12)


def test_other_languages_months_come_from_cldr() -> None:
    moment = read_moment("२४ डिसेंबर २०२४", clock("Asia/Kolkata", "mr"), "visible")
    assert moment is not None
    assert local_day(moment, "Asia/Kolkata") == date(2024, 12, 24)
    german = read_moment("5. März 2024, 14:30 Uhr", clock("Europe/Berlin", "de"), "visible")
    assert german is not None
    assert german.at == datetime(2024, 3, 5, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "day", "precision"),
    [
        ("https://a.example/2024/12/13/story/", "2024-12-13", "day"),
        ("https://a.example/2024/12/post-22/", "2024-12-01", "month"),
        ("https://a.example/news/2024-12-13-story", "2024-12-13", "day"),
        ("https://a.example/story-20241213.html", "2024-12-13", "day"),
        ("https://a.example/2024/dec/13/story", "2024-12-13", "day"),
        ("https://a.example/2024/12/13", "2024-12-13", "day"),
        ("https://a.example/2024-12-13.html", "2024-12-13", "day"),
        ("https://a.example/2024_12_13_story", "2024-12-13", "day"),
        ("https://a.example/2024-12/story", "2024-12-01", "month"),
        # A slug that begins with a number; WordPress's slug for a post that is called "13".
        ("https://a.example/2024/11/8-72-करोड़-से-सड़क/", "2024-11-01", "month"),
        ("https://a.example/2024/11/8-72-%e0%a4%95%e0%a4%b0/", "2024-11-01", "month"),
        ("https://a.example/2024/11/22_crore/", "2024-11-01", "month"),
        ("https://a.example/2024/11/13-2/", "2024-11-01", "month"),
    ],
)
def test_an_address_may_name_the_day_or_month(url: str, day: str, precision: str) -> None:
    moment = date_in_address(url, INDIA)
    assert moment is not None
    assert (local_day(moment, "Asia/Kolkata").isoformat(), moment.precision) == (day, precision)


@pytest.mark.parametrize(
    "url",
    ["https://a.example/news-127088788.html", "https://a.example/14848164", "https://a.example/tag/2024/",
     "https://a.example/x?date=2024-12-13", "https://a.example/2024/8-लोग-घायल/",
     "https://a.example/2011-12-का-बजट/", "https://a.example/2024-11-8-72-करोड़/"],
)  # fmt: skip
def test_numbers_in_addresses_are_mostly_no_dates(url: str) -> None:
    assert date_in_address(url, INDIA) is None
