"""Run crawls of the demo portal as a user's shell would: real processes, real files."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive.warc.reader import read_captures
from tests.portal_site.server import PortalSite

COMMAND = Path(sys.executable).with_name("morestories")  # as pip installs it
# The pages that never come whole are tried again for half a minute; most tests need not wait.
SKIP_BROKEN = ("server-truti", "adhuri-khabar")


def declare(archive: Path, site: PortalSite | str, name: str = "demo", **keys: Any) -> None:
    """Write a portal file for ``site``; ``keys`` come over the usual ones."""
    url = site if isinstance(site, str) else site.url
    table = {
        "id": name,
        "home": url,
        "timezone": "Asia/Kolkata",
        "language": "hi",
        "feeds": ["/feed/"],
        "sitemaps": ["/sitemap.xml"],
        "delay": 0,
        "concurrency": 8,
        "private_addresses": ["127.0.0.1"],
        "skip": list(SKIP_BROKEN),
    } | keys
    folder = archive / "portals"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    (folder / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def start(archive: Path, name: str = "demo", *options: str) -> subprocess.Popen[str]:
    """Start the crawling half alone, as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.run", name, "--archive", str(archive), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def crawl(
    archive: Path, name: str = "demo", *options: str, seconds: float = 100
) -> tuple[int, str]:
    """Run the crawling half to its end; return exit code and log."""
    with start(archive, name, *options) as process:
        log, _ = process.communicate(timeout=seconds)
    return process.returncode, log


def morestories(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the shipped command."""
    return subprocess.run(
        [sys.executable, "-c", "from crawler.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ | {"CI": "true", "COLUMNS": "120"},
        check=False,
        **more,
    )


def run(folder: Path, *arguments: str) -> str:
    """Run the installed command, which must succeed; show and return what it printed."""
    done = subprocess.run(
        [COMMAND, *arguments, "--archive", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
        env={**os.environ, "COLUMNS": "120"},
    )
    print(f"$ morestories {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def kept(archive: Path) -> Counter[str]:
    """Count the whole 200 responses (not revisits) that the archive's WARCs hold, by path."""
    return Counter(
        urlsplit(capture.url).path
        for warc in sorted((archive / "warc").glob("*.warc.gz*"))
        if warc.suffix in (".gz", ".open")
        for capture in read_captures(warc)
        if capture.record_type == "response" and capture.status == 200 and not capture.truncated
    )


def frontier(archive: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the frontier's table."""
    with sqlite3.connect(archive / "frontier.sqlite") as database:
        rows = database.execute(query).fetchall()
    database.close()
    return rows
