"""The portal as evidence: what no page tells by itself, all of them together do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import typer
from typer.testing import CliRunner

import archive
from archive.capture import About, Exchange
from archive.cli.try_ import register
from archive.extract import read_page
from archive.extract.witness import digest
from archive.ingest import Ingest
from archive.portal import Portal
from archive.rebuild import rebuild
from archive.warc.writer import WarcWriter
from tests.archive.test_ingest import tables
from tests.portal_site import PortalSite, Story
from tests.portal_site.classless import APPEAL, DESIGNS

STORIES = 40
START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def fetch(site: PortalSite, folder: Path, crawl: str, day: int, stories: list[Story]) -> None:
    """Keep ``stories`` as a crawl does: the portal's own answers over HTTP, in a WARC."""
    portal = Portal("him", "हिम संवाद", site.url, "Asia/Kolkata", "hi")
    info = {"software": "morestories", "morestories-crawl": crawl, **portal.to_warcinfo()}
    with WarcWriter(folder / "warc", portal=portal.id, info=info) as writer:
        for minute, story in enumerate(stories):
            with urlopen(story.url, timeout=10) as answer:
                body = answer.read()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
            at = START + timedelta(days=day, minutes=minute)
            request = f"GET {story.path} HTTP/1.1\r\n\r\n".encode()
            writer.write(
                Exchange(story.url, at, request, head.encode(), body, about=About(portal.id))
            )


def bodies(folder: Path) -> dict[str, str]:
    with archive.open(folder) as connection:
        return dict(connection.execute("SELECT url, body FROM articles").fetchall())


def whole(story: Story) -> str:
    return "\n".join(story.paragraphs)


def select(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with archive.open(folder) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def site() -> Iterator[PortalSite]:
    with PortalSite(STORIES) as running:
        yield running


def single(site: PortalSite) -> list[Story]:
    """Return the stories on one page."""
    return [story for story in site.articles if story.pages == 1]


@pytest.mark.parametrize("design", DESIGNS)
def test_one_page_alone_cannot_be_read_clean(site: PortalSite, design: str) -> None:
    """The theme is as hard as it claims to be: else the tests below would show nothing."""
    site.redesign(design)
    leaking = 0
    for story in single(site):
        with urlopen(story.url, timeout=10) as answer:
            article = read_page(answer.read(), url=story.url)
        assert article is not None
        leaking += article.text != whole(story)
    assert leaking == len(single(site))


@pytest.mark.parametrize("design", DESIGNS)
def test_every_body_of_the_classless_theme_is_clean(
    site: PortalSite, design: str, tmp_path: Path
) -> None:
    site.redesign(design)
    fetch(site, tmp_path, "one", 0, single(site))
    Ingest(tmp_path, workers=1).run()
    found = bodies(tmp_path)
    assert len(found) == len(single(site))
    wrong = {s.url: found[s.url] for s in single(site) if found[s.url] != whole(s)}
    assert not wrong, f"{len(wrong)}: {list(wrong.items())[:2]}"


def test_an_old_capture_is_read_by_the_rules_of_its_day(site: PortalSite, tmp_path: Path) -> None:
    """A redesign between two crawls: both designs' captures are clean, and no story was edited."""
    first, second = tmp_path / "first", tmp_path / "both"
    site.redesign("paragraphs")
    fetch(site, first, "one", 0, single(site))
    fetch(site, second, "one", 0, single(site))
    Ingest(second, workers=1).run()
    site.redesign("cells")
    fetch(site, second, "two", 1, single(site))
    Ingest(second, workers=1).run()

    for read_from in select(
        second,
        "SELECT a.url, a.body, s.text_sha FROM articles a JOIN sightings s USING (article) "
        "WHERE s.text_sha <> a.text_sha",
    ):
        raise AssertionError(read_from)
    assert select(second, "SELECT count(*) FROM articles") == [(len(single(site)),)]
    assert select(second, "SELECT max(number) FROM texts") == [(1,)]
    found = bodies(second)
    assert [s.url for s in single(site) if found[s.url] != whole(s)] == []
    layouts = select(
        second,
        "SELECT skeleton, stories, first_captured, last_captured, teasing FROM layouts ORDER BY 3",
    )
    count = len(single(site))
    old, new = START, START + timedelta(days=1)
    last = timedelta(minutes=count - 1)
    assert layouts == [
        ("div>h1", count, old, old + last, count),
        ("table>tr>td>h2", count, new, new + last, count),
    ]


def test_a_rebuild_gives_the_same_rows_and_so_does_one_capture_at_a_time(
    site: PortalSite, tmp_path: Path
) -> None:
    at_once, one_by_one = tmp_path / "at_once", tmp_path / "one_by_one"
    site.redesign("cells")
    for day in range(4):
        fetch(site, at_once, f"crawl {day}", day, single(site)[day::4])
    for warc in sorted((at_once / "warc").glob("*.warc.gz")):
        Ingest(one_by_one, workers=1).run([warc])
    Ingest(at_once, workers=1).run()
    rows = tables(at_once)
    assert tables(one_by_one) == rows
    rebuild(at_once, workers=1)
    assert tables(at_once) == rows


def test_rows_say_what_was_taken_out_and_the_layout_has_its_evidence(
    site: PortalSite, tmp_path: Path
) -> None:
    site.redesign("paragraphs")
    fetch(site, tmp_path, "one", 0, single(site))
    Ingest(tmp_path, workers=1).run()
    count = len(single(site))
    told = select(tmp_path, "SELECT DISTINCT rules['portal'] FROM articles")
    assert told == [("div>h1",)]
    marks = select(tmp_path, "SELECT digest, why, stories, of_stories, warc FROM furniture")
    assert (digest(APPEAL), "repeated", count, count) in [mark[:4] for mark in marks]
    assert all((tmp_path / "warc" / mark[4]).is_file() for mark in marks)
    kinds = dict(select(tmp_path, "SELECT kind, count(*) FROM links GROUP BY kind"))
    assert kinds["more_stories"] == 3 * count  # a link that is a card is an edge, not the body's
    hits = select(tmp_path, "SELECT count(*) FROM articles WHERE body LIKE '%[…]%'")
    assert hits == [(0,)]


def test_try_shows_the_layout_and_what_it_took_out(site: PortalSite, tmp_path: Path) -> None:
    site.redesign("cells")
    fetch(site, tmp_path, "one", 0, single(site))
    Ingest(tmp_path, workers=1).run()
    story = single(site)[-1]
    ((warc, offset),) = select(
        tmp_path, f"SELECT warc, warc_offset FROM captures WHERE url = '{story.url}'"
    )
    app = typer.Typer()
    app.command("other")(lambda: None)
    register(app)
    command = ["try", f"{warc}#{offset}", "--archive", str(tmp_path)]
    shown = CliRunner().invoke(app, command).output
    assert "table>tr>td>h2" in shown
    assert f"{len(single(site))} stories" in " ".join(shown.split())
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).output)
    assert told["article"]["text"] == whole(story)
    assert told["layout"]["stories"] == len(single(site))
    whys = [line["why"] for line in told["lines"] if line["why"].startswith("portal")]
    assert whys == ["portal: label"] + 3 * [
        "portal: title of another story",
        "portal: excerpt of another story",
    ]


def test_a_record_that_is_damaged_since_keeps_its_first_reading(
    site: PortalSite, tmp_path: Path
) -> None:
    site.redesign("cells")
    fetch(site, tmp_path, "one", 0, single(site)[:3])
    Ingest(tmp_path, workers=1).run()  # three stories teach nothing
    (warc,) = (tmp_path / "warc").glob("*.warc.gz")
    damaged = single(site)[0]
    ((offset,),) = select(tmp_path, f"SELECT warc_offset FROM captures WHERE url = '{damaged.url}'")
    with warc.open("r+b") as file:
        file.seek(offset)
        file.write(b"\0" * 20)
    fetch(site, tmp_path, "two", 1, single(site)[3:])
    Ingest(tmp_path, workers=1).run()
    found = bodies(tmp_path)
    assert len(found) == len(single(site))
    assert [s for s in single(site) if found[s.url] != whole(s)] == [damaged]
    assert found[damaged.url].startswith(whole(damaged))
