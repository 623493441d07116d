"""Answers after which a story could be lost, or a run never end."""

from __future__ import annotations

import pytest

from archive.cli.common import Exit
from tests.crawler.crawls import crawl, declare
from tests.crawler.test_crawl import _Small as Small


def bare(archive, server, **keys) -> None:
    declare(archive, server.url, **({"feeds": [], "sitemaps": []} | keys))


@pytest.mark.parametrize(
    ("home", "code"),
    [
        ((404, {}, b""), Exit.NOTHING),
        ((302, {"Location": "http://elsewhere.example/"}, b""), Exit.NOTHING),
        ((304, {}, b""), Exit.OK),
    ],
)
def test_a_run_that_kept_no_page_says_so(tmp_path, home, code):
    with Small({"/": home}) as server:
        bare(tmp_path, server)
        assert crawl(tmp_path)[0] == code
