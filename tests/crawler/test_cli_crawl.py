"""``morestories crawl``, both halves at once, in every way in which it can end."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import archive
from archive.cli.common import Exit
from archive.errors import ArchiveError
from archive.warc.reader import read_captures
from crawler.frontier import Frontier
from tests.crawler.crawls import declare, kept, morestories
from tests.crawler.test_crawl import paths, wait_for
from tests.portal_site.server import PortalSite


@pytest.fixture
def site():
    with PortalSite(articles=60) as site:
        yield site


def rows(folder: Path, sql: str) -> list[tuple]:
    with closing(archive.open(folder)) as database:
        return database.sql(sql).fetchall()


def stories_landed(folder: Path) -> int:
    """Count the stories in the tables; 0 while they are still being made."""
    try:
        return rows(folder, "select count(*) from articles")[0][0]
    except ArchiveError:
        return 0


def begin(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start the shipped command in a session of its own, as a terminal would."""
    command = "from crawler.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", command, "crawl", "demo", "--archive", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"CI": "true"},
        start_new_session=True,
    )


def test_an_address_becomes_rows(site, tmp_path):
    ran = morestories("crawl", site.url, "--archive", tmp_path, "--json", "--max-pages", "40")
    assert ran.returncode == Exit.OK, ran.stderr
    told = json.loads(ran.stdout[ran.stdout.index("{") :])
    assert told["pages"] == 40
    assert told["articles"]["new"] == rows(tmp_path, "select count(*) from articles")[0][0] > 0
    assert (tmp_path / "portals").glob("*.toml")


def test_rows_come_while_the_crawl_runs_and_a_reader_sees_them(site, tmp_path):
    declare(tmp_path, site, delay=0.15)
    process = begin(tmp_path)
    try:
        wait_for(lambda: stories_landed(tmp_path) > 3, 60)
        assert process.poll() is None, "the crawl was over before a reader looked"
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED, said
    assert not list((tmp_path / "warc").glob("*.open"))
    stories = set(kept(tmp_path)) & paths(site)
    assert rows(tmp_path, "select count(*) from articles")[0][0] >= len(stories)


def test_a_second_interrupt_stops_at_once_and_ingest_lands_the_rest(site, tmp_path):
    declare(tmp_path, site, delay=0.1)
    process = begin(tmp_path)
    wait_for(lambda: len(site.requests) > 20, 40)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    said, _ = process.communicate(timeout=60)
    assert process.returncode != Exit.OK, said
    assert time.monotonic() - began < 20
    lands_all(tmp_path, site)


def test_a_killed_parent_stops_its_crawl_and_nothing_kept_is_lost(site, tmp_path):
    declare(tmp_path, site, delay=0.1)
    process = begin(tmp_path)
    wait_for(lambda: len(site.requests) > 20, 40)
    process.kill()
    process.communicate()
    asked = -1

    def quiet() -> bool:
        nonlocal asked
        before, asked = asked, len(site.requests)
        time.sleep(2)
        return before == len(site.requests)

    wait_for(quiet, 30)
    assert len(site.requests) < len(site.articles), "the orphan went on"
    lands_all(tmp_path, site)


def lands_all(folder: Path, site: PortalSite) -> None:
    """Recover and ingest what a stopped crawl left, and find a row for each kept story."""
    assert morestories("recover", "--archive", folder).returncode in (Exit.OK, Exit.NOTHING)
    ran = morestories("ingest", "--archive", folder)
    assert ran.returncode in (Exit.OK, Exit.NOTHING), ran.stderr
    stories = set(kept(folder)) & paths(site)
    landed = {
        url.partition("://")[2].partition("/")[2]
        for (url,) in rows(folder, "select url from articles")
    }
    assert {path[1:] for path in stories} <= landed
    assert stories, "nothing had been kept: nothing was tried"


def test_a_full_disk_stops_in_order_and_what_was_sealed_is_whole(site, tmp_path):
    declare(tmp_path, site)
    (tmp_path / "warc").mkdir()
    # The frontier and the index of payloads are made first: only the WARC meets the limit.
    with closing(Frontier(f"sqlite:///{tmp_path / 'frontier.sqlite'}")):
        pass
    limit = 260_000

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ran = subprocess.run(
        [sys.executable, "-m", "crawler.run", "demo", "--archive", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=100,
        preexec_fn=small_disk,
        check=False,
    )
    assert ran.returncode == Exit.DISK_FULL, ran.stderr[-3000:]
    warcs = sorted((tmp_path / "warc").glob("*.warc.gz*"))
    captures = [
        capture
        for warc in warcs
        if not warc.name.endswith(".cdxj")
        for capture in read_captures(warc)
    ]
    assert len(captures) > 10


def test_an_unreachable_address(tmp_path):
    ran = morestories("crawl", "http://127.0.0.1:9/", "--archive", tmp_path)
    assert ran.returncode == Exit.UNREACHABLE, ran.stderr
    assert "127.0.0.1:9" in ran.stderr


def test_an_unknown_portal_names_the_nearest(site, tmp_path):
    declare(tmp_path, site)
    ran = morestories("crawl", "dmeo", "--archive", tmp_path)
    assert ran.returncode == Exit.SETTING
    assert "demo" in ran.stderr


def test_scrapy_lists_and_crawls_portals(site, tmp_path):
    declare(tmp_path, site)
    environment = os.environ | {"MORESTORIES_ARCHIVE": str(tmp_path)}
    scrapy = [sys.executable, "-m", "scrapy"]
    listed = subprocess.run(
        [*scrapy, "list"], capture_output=True, text=True, env=environment, check=True
    )
    assert "demo" in listed.stdout.split()
    ran = subprocess.run(
        [*scrapy, "crawl", "demo"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert paths(site) <= set(kept(tmp_path))
