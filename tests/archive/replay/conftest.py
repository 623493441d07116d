"""The demo portal with all that its pages show, crawled once for the suites of a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crawler.crawls import declare, morestories
from tests.portal_site import PortalSite


@dataclass(frozen=True)
class Demo:
    """The demo portal while it runs, and the archive of its crawl."""

    site: PortalSite
    folder: Path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("archive")
    with PortalSite(30) as site:
        hosts = ["127.0.0.1", "localhost"]
        declare(folder, site, capture="page+requisites", private_addresses=hosts)
        done = morestories("crawl", "demo", "--archive", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Demo(site, folder)
