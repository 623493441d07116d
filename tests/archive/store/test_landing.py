"""What pages hold that cannot be stored is an outcome or a mark, never the end of an ingest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import archive
from archive.article import Article, Moment, PageType
from archive.capture import Capture
from archive.landed import rows_of
from archive.landing import Batch, Landing
from archive.link import Link, LinkKind
from archive.reading import from_article
from archive.rows import capture_row, text_sha, warc_row
from archive.store import connect


def capture(number: int) -> Capture:
    return Capture(
        f"https://khabar.test/{number}/",
        datetime(2026, 3, 1, 6, number, tzinfo=UTC),
        "a.warc.gz",
        number * 100,
        100,
        "",
        "response",
        200,
        "text/html",
        (),
        b"",
        None,
    )


def land(folder: Path, *articles: Article) -> None:
    captures = [capture(number) for number in range(len(articles))]
    items = [
        rows_of(capture_row(c, "a.warc.gz"), from_article(a))
        for c, a in zip(captures, articles, strict=True)
    ]
    with connect(folder, write=True) as connection:
        batch = Batch(items, [warc_row("a.warc.gz", captures[0])], (), {"a.warc.gz": 1_000})
        Landing(connection).land(batch)


def test_half_a_character_becomes_a_mark(tmp_path: Path) -> None:
    links = (Link("https://khabar.test/x\ud83d", LinkKind.BODY, "\ude00 बर्फ"),)
    land(tmp_path, Article("u", PageType.STORY, "शीर्षक \ud83d", "पाठ \ude00\x00 यहाँ", links=links))
    with archive.open(tmp_path) as connection:
        assert connection.execute("SELECT title, body FROM articles").fetchall() == [
            ("शीर्षक \ufffd", "पाठ \ufffd\x00 यहाँ")
        ]
        assert connection.execute("SELECT text_sha FROM articles").fetchone() == (
            text_sha("शीर्षक \ufffd", "पाठ \ufffd\x00 यहाँ"),
        )
        assert connection.execute("SELECT text FROM links").fetchall() == [("\ufffd बर्फ",)]


def test_a_date_past_the_calendar_costs_that_page_only(tmp_path: Path) -> None:
    end = Moment(datetime(9999, 12, 31, 23, tzinfo=UTC), "minute", 330, "json-ld", "9999")
    land(
        tmp_path,
        Article("u", PageType.STORY, "एक", "पाठ", published=end),
        Article("u", PageType.STORY, "दो", "पाठ"),
    )
    with archive.open(tmp_path) as connection:
        assert connection.execute("SELECT title FROM articles").fetchall() == [("दो",)]
        assert connection.execute("SELECT url, reason FROM outcomes").fetchall() == [
            ("https://khabar.test/0/", "unreadable")
        ]
        assert connection.execute("SELECT count(*) FROM captures").fetchone() == (2,)
