"""A portal that names nothing, crawled by the shipped command before and after a redesign."""

from __future__ import annotations

from pathlib import Path

import pytest

import archive
from tests.crawler.test_demo_crawl import run
from tests.portal_site import PortalSite

pytestmark = pytest.mark.timeout(200)


def test_every_body_is_clean_before_and_after_a_redesign(tmp_path: Path) -> None:
    with PortalSite(30) as site:
        site.redesign("paragraphs")
        run(tmp_path, "portal", "add", site.url, "--id", "demo", "--delay", "0")
        run(tmp_path, "crawl", "demo")
        old = {story.url for story in site.articles}
        site.redesign("cells")
        for _ in range(8):
            site.add()
        run(tmp_path, "crawl", "demo")
        stories = {story.url: "\n".join(story.paragraphs) for story in site.articles}
        single = {story.url for story in site.articles if story.pages == 1}
    with archive.open(tmp_path) as connection:
        bodies = dict(connection.execute("SELECT url, body FROM articles").fetchall())
        edited = connection.execute("SELECT url FROM texts WHERE number > 1").fetchall()
        layouts = connection.execute("SELECT skeleton FROM layouts WHERE teasing > 0").fetchall()
    assert old < stories.keys() <= bodies.keys()
    assert {url: bodies[url] for url in single if bodies[url] != stories[url]} == {}
    assert edited == []
    assert sorted(layouts) == [("div>h1",), ("table>tr>td>h2",)]
