"""The shipped command crawls Debian's WordPress; rows are held against its own database."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastWARC
from warcio.archiveiterator import ArchiveIterator

import archive
from tests.crawler.crawls import run
from tests.portal_site.tour import allow_other_name
from tests.wordpress.posts import PUBLIC, posts
from tests.wordpress.site import THEME, WordPress

pytestmark = [
    pytest.mark.root,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        "MORESTORIES_WORDPRESS" not in os.environ,
        reason="wants root and Debian's WordPress: run tests/wordpress/run",
    ),
]


@dataclass(frozen=True)
class Crawled:
    """What WordPress had, and where the archive of its crawl is."""

    truth: list[dict[str, Any]]
    folder: Path
    summary: str
    home: str

    @property
    def public(self) -> dict[str, dict[str, Any]]:
        """Return the posts that everybody can read, by address."""
        return {p["url"]: p for p in self.truth if p["status"] == "publish" and not p["locked"]}

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the archive."""
        with archive.open(self.folder) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("archive")
    with WordPress(os.environ.get("MORESTORIES_THEME", THEME)) as wordpress:
        wordpress.fill(posts())
        run(folder, "portal", "add", wordpress.url, "--id", "wordpress", "--delay", "0")
        allow_other_name(folder / "portals/wordpress.toml")
        summary = run(folder, "crawl", "wordpress")
        yield Crawled(wordpress.truth(), folder, summary, wordpress.url)


def test_wordpress_holds_what_the_test_wants(crawled: Crawled) -> None:
    assert len(crawled.public) == PUBLIC >= 150
    states = Counter((post["status"], post["locked"]) for post in crawled.truth)
    assert states == {
        ("publish", False): PUBLIC,
        ("publish", True): 1,
        ("trash", False): 1,
        ("draft", False): 1,
        ("private", False): 1,
    }
    assert sum("<!--nextpage-->" in post["content"] for post in crawled.truth) >= 5
    assert sum(bool(post["old_slugs"]) for post in crawled.truth) >= 3
    assert len({post["author"] for post in crawled.truth}) >= 6


def test_every_public_post_is_there_once_and_nothing_else(crawled: Crawled) -> None:
    urls = [url for (url,) in crawled.select("SELECT url FROM articles")]
    assert [url for url, count in Counter(urls).items() if count > 1] == []
    missing = sorted(set(crawled.public) - set(urls))
    extra = sorted(set(urls) - set(crawled.public))
    print(f"recall {1 - len(missing) / len(crawled.public):.3f}, missing {missing}, extra {extra}")
    assert missing == []
    assert [url for url in extra if not is_static_page(crawled.home, url)] == []


def is_static_page(home: str, url: str) -> bool:
    """Tell whether this is one of the two pages (not posts) at the top level of the site."""
    return bool(re.fullmatch(re.escape(home) + r"[^/?]+/", url))


@pytest.mark.parametrize("field", ["title", "body", "authors", "published", "section", "tags"])
def test_rows_say_what_the_database_says(crawled: Crawled, field: str) -> None:
    rows = crawled.select(f"SELECT url, {field} FROM articles")
    wrong = [
        (url, value, expected(field, crawled.public[url]))
        for url, value in rows
        if url in crawled.public and not agrees(field, value, crawled.public[url])
    ]
    assert not wrong, f"{len(wrong)} of {len(rows)}: {wrong[:3]}"


def agrees(field: str, value: Any, post: dict[str, Any]) -> bool:
    """Tell whether a column says the same as the post; a section is any of its categories."""
    if field == "section":
        return value in post["categories"]
    if field in ("tags", "authors"):
        return sorted(value) == sorted(expected(field, post))
    return bool(value == expected(field, post))


def expected(field: str, post: dict[str, Any]) -> Any:
    """Return what the column must hold, from the post's row in WordPress's database."""
    if field == "body":
        return "\n".join(
            unescape(re.sub(r"<[^>]+>", "", paragraph))
            for paragraph in re.findall(r"<p>(.*?)</p>", post["content"], re.S)
        )
    if field == "published":
        return datetime.fromisoformat(post["published"]).replace(tzinfo=UTC)
    if field == "authors":
        return [post["author"]]
    if field == "section":
        return post["categories"]
    return post[field]


def test_a_moved_post_is_found_under_its_new_address_only(crawled: Crawled) -> None:
    old = {slug for post in crawled.truth for slug in post["old_slugs"]}
    redirects = crawled.select("SELECT url FROM captures WHERE status = 301")
    assert any(slug in url for slug in old for (url,) in redirects)


def test_the_gone_the_locked_and_the_hidden_are_no_rows(crawled: Crawled) -> None:
    hidden = [p["title"] for p in crawled.truth if p["url"] not in crawled.public]
    rows = crawled.select("SELECT title FROM articles")
    assert not {title for (title,) in rows if any(name in title for name in hidden)}
    statuses = {status for (status,) in crawled.select("SELECT DISTINCT status FROM captures")}
    assert 404 in statuses
    locked = crawled.select("SELECT count(*) FROM readings WHERE page_type = 'locked'")
    assert locked[0][0] >= 1


def test_no_comment_is_taken_for_the_story(crawled: Crawled) -> None:
    assert crawled.select("SELECT url FROM articles WHERE body LIKE '%टिप्पणी%'") == []


def test_few_requests_are_wasted(crawled: Crawled) -> None:
    (asked,) = crawled.select("SELECT count(*) FROM captures WHERE kind <> 'requisite'")[0]
    traps = crawled.select(
        "SELECT count(*) FROM captures WHERE url LIKE '%replytocom%' OR url LIKE '%/author/%' "
        "OR regexp_matches(url, '/[0-9]{4}/([0-9]{2}/)?([0-9]{2}/)?(page/[0-9]+/)?$')"
    )[0][0]
    kinds = crawled.select("SELECT kind, status, count(*) FROM captures GROUP BY ALL ORDER BY ALL")
    print(f"{asked} requests for {len(crawled.public)} posts, {traps} of them traps: {kinds}")
    assert traps <= asked * 0.02
    assert asked <= 1.4 * len(crawled.public)


def test_its_stories_replay_as_they_were(
    crawled: Crawled, chromium: Path, screenshots: Path
) -> None:
    folder = screenshots / f"wordpress-{os.environ.get('MORESTORIES_THEME', THEME)}"
    options = ("--pages", "12", "--live", "--json", "--output", str(folder))
    told = json.loads(run(crawled.folder, "replay", "check", *options))
    assert (told["pages"], told["failed"], told["leaked"], told["errors"]) == (12, 0, 0, 0)
    assert told["asked"] > 12  # a theme of blocks has nearly all of its styles in the page
    assert told["found"] >= 0.97
    assert told["difference"] < 0.01


def test_every_warc_opens_in_two_foreign_readers(crawled: Crawled) -> None:
    files = sorted((crawled.folder / "warc").glob("*.warc.gz"))
    assert files
    for file in files:
        with file.open("rb") as stream:
            ids = [record.rec_headers["WARC-Record-ID"] for record in ArchiveIterator(stream)]
        with file.open("rb") as stream:
            others = [record.record_id for record in FastWARC(stream)]
        assert ids == others
        assert len(ids) > 300
        assert len(set(ids)) == len(ids)
