"""The shipped command crawls the demo portal end to end; rows are held against its truth."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastWARC
from warcio.archiveiterator import ArchiveIterator

import archive
from tests.crawler.crawls import run
from tests.portal_site import PortalSite, Reach, Story

ARTICLES = 160

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Crawled:
    """The portal's truth, what it was asked, and the archive of its crawl."""

    stories: dict[str, Story]
    by_id: dict[int, Story]
    broken: dict[str, str]
    requests: list[str]
    folder: Path
    summary: str

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the archive."""
        with archive.open(self.folder) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("archive")
    with PortalSite(ARTICLES) as site:
        run(folder, "portal", "add", site.url, "--id", "demo", "--delay", "0")
        before = len(site.requests)
        summary = run(folder, "crawl", "demo")
        yield Crawled(
            {story.url: story for story in site.articles},
            dict(site.room.stories),
            site.broken,
            site.requests[before:],
            folder,
            summary,
        )


def urls(crawled: Crawled) -> list[str]:
    return [url for (url,) in crawled.select("SELECT url FROM articles")]


@pytest.mark.parametrize("way", Reach)
def test_every_story_is_found_by_whatever_way_there_is(crawled: Crawled, way: Reach) -> None:
    wanted = {url for url, story in crawled.stories.items() if story.reach is way}
    assert wanted
    assert wanted - set(urls(crawled)) == set()


def test_no_story_is_there_twice_and_nothing_else_is(crawled: Crawled) -> None:
    assert [url for url, count in Counter(urls(crawled)).items() if count > 1] == []
    # What came whole of these two is text that a reader could read: a row is right.
    readable = {crawled.broken["wrong_charset"], crawled.broken["truncated"]}
    assert set(urls(crawled)) - set(crawled.stories) <= readable


@pytest.mark.parametrize("field", ["title", "body", "authors", "published", "section", "tags"])
def test_rows_say_what_was_published(crawled: Crawled, field: str) -> None:
    wrong = []
    for url, value in crawled.select(f"SELECT url, {field} FROM articles"):
        if story := crawled.stories.get(url):
            want = published(story, field)
            if value != want:
                wrong.append((url, value, want))
    assert not wrong, f"{len(wrong)} of {len(crawled.stories)}: {wrong[:2]}"


def published(story: Story, field: str) -> Any:
    """Return what the column must hold."""
    return {
        "title": story.title,
        "body": "\n".join(story.paragraphs),
        "authors": [story.author],
        "published": story.published,
        "section": story.section,
        "tags": list(story.tags),
    }[field]


def test_each_more_stories_block_is_three_links_of_its_kind(crawled: Crawled) -> None:
    found: dict[str, list[str]] = {}
    for source, target in crawled.select(
        "SELECT DISTINCT from_url, to_url FROM links WHERE kind = 'more_stories'"
    ):
        found.setdefault(source, []).append(target)
    for url, story in crawled.stories.items():
        want = sorted(crawled.by_id[number].url for number in story.more_stories)
        assert sorted(found.get(url, [])) == want, url


def test_a_page_in_the_wrong_charset_is_read_right(crawled: Crawled) -> None:
    url = crawled.broken["wrong_charset"]
    rows = crawled.select(f"SELECT title, body FROM articles WHERE url = '{url}'")
    assert [title for title, _ in rows] == ["गलत कूट में छपी खबर"]
    assert rows[0][1].startswith("शिमला। यह पुरानी खबर")


def test_every_broken_page_has_a_counted_outcome(crawled: Crawled) -> None:
    captures = dict(
        crawled.select(
            "SELECT url, max(status) FROM captures WHERE url LIKE '%/2026/08/%' GROUP BY url"
        )
    )
    bad = crawled.broken
    assert captures[bad["failing"]] == 500
    assert captures[bad["absent"]] == 404
    assert captures[bad["old_address"]] == 301
    outcomes = dict(crawled.select("SELECT url, reason FROM outcomes"))
    assert {bad[name] for name in ("failing", "absent", "soft_404", "hostile")} <= set(outcomes)
    assert outcomes[bad["gallery"]] == "gallery"


def test_what_robots_txt_forbids_is_never_asked_for(crawled: Crawled) -> None:
    assert crawled.requests
    assert [target for target in crawled.requests if target.startswith("/private/")] == []


def test_traps_are_few_of_all_requests(crawled: Crawled) -> None:
    trap = re.compile(
        r"replytocom|utm_|^/author/|^/tag/|/tasveer/$|^/\d{4}/(\d\d/){0,2}$|^/\d{4}/\d\d/[^/]+/feed/"
    )
    trapped = [target for target in crawled.requests if trap.search(target)]
    print(f"{len(crawled.requests)} requests for {len(crawled.stories)} stories")
    assert len(trapped) <= 0.02 * len(crawled.requests), trapped[:5]


def test_every_warc_opens_in_two_foreign_readers(crawled: Crawled) -> None:
    (file,) = (crawled.folder / "warc").glob("*.warc.gz")
    with file.open("rb") as stream:
        ids = [record.rec_headers["WARC-Record-ID"] for record in ArchiveIterator(stream)]
    with file.open("rb") as stream:
        assert [record.record_id for record in FastWARC(stream)] == ids
    assert len(ids) > 3 * ARTICLES  # request, response and metadata of each story at least


def test_a_rebuild_gives_the_same_rows(crawled: Crawled, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    shutil.copytree(crawled.folder / "warc", again / "warc")
    shutil.copytree(crawled.folder / "portals", again / "portals")
    run(again, "rebuild")
    rebuilt = Crawled(crawled.stories, crawled.by_id, crawled.broken, [], again, "")
    for table in ("captures", "articles", "links", "outcomes"):
        sql = f"SELECT * FROM {table} ORDER BY ALL"
        assert rebuilt.select(sql) == crawled.select(sql), table
