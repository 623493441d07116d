"""``make demo``: crawl the demo portal with the shipped command, and look around in what it kept.

Each command is printed as a person would type it, and its output follows as it is.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.portal_site.server import PortalSite

# The same port each time, where it is free: the portal file of the demo stays right.
PORT = 8765
COMMAND = Path(sys.executable).with_name("morestories")
# A folder with this file was made here, and may be removed here.
MARK = "made-by-make-demo"

QUESTIONS = (
    ("The newest stories:", "query newest --limit 5"),
    ('What a story leads to by "More Stories":', "query more-stories --limit 6"),
    ("Who wrote how much:", "query authors --limit 8"),
    ("Your own question, in SQL:", "sql {sql}"),
    ("And a search, which knows Hindi words:", 'search "सेब के दाम" --limit 5'),
)
SQL = (
    "SELECT section, count(*) AS stories, round(avg(words)) AS words_each, max(published_day) AS newest "
    "FROM articles GROUP BY section ORDER BY stories DESC LIMIT 6"
)


def main() -> None:
    """Run the tour; exit with the code of the first command that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.portal_site.tour", description=__doc__)
    parser.add_argument("--archive", type=Path, default=Path("demo-archive"), metavar="DIR")
    parser.add_argument("--articles", type=int, default=320, help="how many stories (320)")
    options = parser.parse_args()
    begin(options.archive)
    shell = Shell(options.archive)
    with portal(options.articles) as site:
        say(f"A Hindi news portal with {options.articles} stories now runs at {site.url}")
        say("Look at it and write its portal file:")
        shell.run(f"portal add {site.url} --id demo --delay 0")
        allow_other_name(options.archive / "portals" / "demo.toml")
        say("Crawl it. Every exchange is kept in a WARC file, and its articles land in DuckDB:")
        shell.run("crawl demo")
    for title, command in QUESTIONS:
        say(title)
        shell.run(command.format(sql=shlex.quote(SQL)))
    say(_NEXT.format(archive=options.archive, port=site.port))


class Shell:
    """Runs the shipped command on one archive, each command line printed before its output."""

    def __init__(self, archive: Path) -> None:
        self._environment = {**os.environ, "MORESTORIES_ARCHIVE": str(archive)}
        say(f"$ export MORESTORIES_ARCHIVE={shlex.quote(str(archive))}")

    def run(self, line: str) -> None:
        """Run ``morestories LINE``; end the tour if it fails."""
        print(f"$ morestories {line}", flush=True)
        done = subprocess.run(
            [COMMAND, *shlex.split(line)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            sys.exit(done.returncode)


def allow_other_name(file: Path) -> None:
    """Allow the host of the portal's weather picture, which is this machine by its other name."""
    say(
        "One of its pictures comes from another host, localhost. That is on this machine, where no "
        f"crawl goes unless it is told to, so {file} now says:"
    )
    line = 'private_addresses = ["127.0.0.1", "localhost"]'
    file.write_text(re.sub(r"(?m)^private_addresses = .*$", line, file.read_text("utf-8")), "utf-8")
    print(line, flush=True)


def begin(archive: Path) -> None:
    """Make a new folder for the demo; one that this tour made before is removed first.

    Exits with 3 where anything else stands there: an archive is never removed by a demo.
    """
    if archive.exists() and not (archive / MARK).is_file() and any(archive.iterdir()):
        print(
            f"{archive} is there and was not made by a demo: it is left alone. "
            "Name another folder: make demo ARCHIVE=./another-folder",
            file=sys.stderr,
        )
        sys.exit(3)
    if (archive / MARK).is_file():
        shutil.rmtree(archive)
    archive.mkdir(parents=True, exist_ok=True)
    (archive / MARK).write_text("`make demo` removes this folder when it runs again.\n")


@contextmanager
def portal(articles: int) -> Iterator[PortalSite]:
    """Run the portal on its usual port, or on a free one where that is taken."""
    try:
        site = PortalSite(articles, port=PORT)
    except OSError:
        site = PortalSite(articles)
    with site:
        yield site


def say(text: str) -> None:
    """Print a paragraph of the tour."""
    print(f"\n{text}", flush=True)


_NEXT = """What to try next, with .venv/bin on your PATH and MORESTORIES_ARCHIVE as above:

  morestories queries                       the questions that come with it
  morestories query coverage-gaps           days on which nothing was published, or nothing kept
  morestories plot coverage-calendar -o calendar.png    the days as a calendar
  morestories replay                        the pages as they were, in a browser
  morestories export stories.csv            all stories as one table
  morestories rebuild                       make the tables again from the WARC files alone

  The portal is off now. Run it again with `.venv/bin/python -m tests.portal_site --port {port}`,
  and `morestories crawl demo` in another terminal fetches only what is new.

  Your own portal:  morestories crawl https://a-news-portal.example/ --archive ./data

All that was kept is in {archive}; remove the folder to forget it."""


if __name__ == "__main__":
    main()
