"""One crawl of one portal, as a process of its own: ``python -m crawler.run PORTAL …``.

The `morestories` command starts it and follows it on a descriptor; see ``crawler.progress``.
"""

from __future__ import annotations

import argparse
import gc
import logging
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.settings import Settings

from archive.cli.common import Exit, exit_of
from archive.errors import ArchiveError, BadSetting
from archive.exclusions import read
from crawler.plan import frontier_url
from crawler.portal import Declaration, find
from crawler.story import Place, StoryHandler


def lay_over(
    portal: Declaration,
    archive: Path,
    *,
    frontier: str = "",
    max_pages: int | None = None,
    max_minutes: float | None = None,
    max_bytes: int | None = None,
    full: bool = False,
    due_only: bool = False,
    progress_fd: int | None = None,
) -> dict[str, Any]:
    """Return the settings of one crawl: the portal's own, and the command line's over them."""
    (archive / "warc").mkdir(parents=True, exist_ok=True)
    minutes = max_minutes if max_minutes is not None else portal.max_minutes
    return {
        "MORESTORIES_PORTAL": portal,
        "MORESTORIES_ARCHIVE": str(archive),
        "MORESTORIES_CRAWL_ID": crawl_id(portal.id),
        "MORESTORIES_EXCLUDED": excluded_now(portal, archive),
        "MORESTORIES_FRONTIER": frontier_url(archive, frontier),
        "MORESTORIES_OBEY_ROBOTS": portal.robots == "obey",
        "MORESTORIES_MAX_PAGES": max_pages if max_pages is not None else portal.max_pages,
        "MORESTORIES_MAX_BYTES": _lower(max_bytes, portal.max_total_bytes),
        "MORESTORIES_MAX_SECONDS": minutes * 60 if minutes is not None else None,
        "MORESTORIES_FULL": full,
        "MORESTORIES_DUE_ONLY": due_only,
        "MORESTORIES_PROGRESS_FD": progress_fd,
        "USER_AGENT": portal.user_agent,
        "CONCURRENT_REQUESTS": portal.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": portal.concurrency,
        "DOWNLOAD_MAXSIZE": portal.max_bytes,
        "DOWNLOAD_TIMEOUT": portal.timeout,
    }


def excluded_now(portal: Declaration, archive: Path) -> Callable[[str], bool]:
    """Return what tells whether a page that is captured now would be excluded.

    Raises ``BadSetting`` if that is every page of the portal, ``StoreError`` if it cannot be known.
    """
    now, exclusions = datetime.now(UTC), read(archive)
    if one := exclusions.of_portal(portal.id, now):
        raise BadSetting(
            f"{portal.id} is not crawled: {one}; "
            f"`morestories exclude {portal.id} --undo --reason …` takes that back"
        )
    return lambda url: exclusions.why(url, now, portal.id) is not None


def _lower(left: int | None, budget: int | None) -> int | None:
    return min((n for n in (left, budget) if n is not None), default=None)


def crawl_id(portal: str) -> str:
    """Name a crawl: portal, UTC start, and four digits that keep two apart."""
    return f"{portal}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def main() -> int:
    """Crawl one portal; exit codes are ``archive.cli.common.Exit``'s."""
    arguments = _arguments()
    archive = arguments.archive.resolve()
    try:
        portal = find(arguments.portal, archive)
        laid_over = lay_over(
            portal,
            archive,
            frontier=arguments.frontier,
            max_pages=arguments.max_pages,
            max_minutes=arguments.max_minutes,
            max_bytes=arguments.max_bytes,
            full=arguments.full,
            due_only=arguments.due,
            progress_fd=arguments.progress_fd,
        )
    except ArchiveError as error:
        print(f"morestories: {error}", file=sys.stderr)
        return exit_of(error)
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict(laid_over, priority="cmdline")
    settings.set("LOG_LEVEL", arguments.log_level, priority="cmdline")
    process = CrawlerProcess(settings)
    # asyncio's own lines ("Using selector") are no part of a crawl's story.
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    crawler = process.create_crawler(portal.id)
    if arguments.story:
        logging.getLogger().addHandler(_story(arguments.story, portal.id, crawler))
    process.crawl(crawler)
    gc.freeze()  # what was imported stays: no collection need walk it again
    process.start()
    progress = crawler.get_extension(_progress())
    return progress.code if progress is not None else Exit.SETTING


def _story(path: Path, portal: str, crawler: Crawler) -> logging.Handler:
    from crawler.keeper import Keeper  # as for _progress

    def place(url: str) -> Place | None:
        keeper = crawler.get_extension(Keeper) if crawler.extensions else None
        return keeper.places.of(url) if keeper else None

    handler = StoryHandler(path, portal, crawler.settings["MORESTORIES_CRAWL_ID"], place)
    handler.setLevel(crawler.settings["LOG_LEVEL"])
    return handler


def _progress() -> Any:
    from crawler.progress import Progress  # imports the reactor's users: only after it is chosen

    return Progress


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crawler.run", description=__doc__)
    parser.add_argument("portal", help="the id of a portal")
    parser.add_argument("--archive", type=Path, default=Path("data"))
    parser.add_argument("--frontier", default="", help="SQLAlchemy URL; default: SQLite in DIR")
    parser.add_argument("--max-pages", type=int)
    parser.add_argument("--max-minutes", type=float)
    parser.add_argument("--max-bytes", type=int, help="what a month's budget leaves")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--due", action="store_true", help="only what is due by now")
    parser.add_argument("--progress-fd", type=int)
    parser.add_argument("--story", type=Path, help="a file for the log as JSON lines")
    parser.add_argument("--log-level", default="INFO")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
