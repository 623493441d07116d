"""The download handler that keeps each exchange as it went over the wire.

``crawler.wire`` records, ``crawler.exchange`` takes the secrets out; this module decides when an
exchange is over and hands it to the keeper. Everything that Scrapy fetches passes here: pages, robots.txt, redirects,
retries and what middlewares ask for on their own.
"""

from __future__ import annotations

import errno
import logging
import tempfile
from typing import TYPE_CHECKING, Protocol, cast

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import (
    CloseSpider,
    DownloadCancelledError,
    DownloadTimeoutError,
    UnsupportedURLSchemeError,
)
from scrapy.utils.defer import deferred_from_coro
from scrapy.utils.misc import load_object

from archive.capture import Exchange, Truncated
from archive.errors import ArchiveError, BadSetting, DiskFull
from crawler.exchange import exchange_of
from crawler.wire import Recording, Recordings, WirePool, recordings_of_download

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

DEFAULT_KEEPER = "crawler.keeper.Keeper"
# Bytes of a body that a Response may hold: a page is never larger (DOWNLOAD_MAXSIZE), and a film
# that a page needs is to be kept, not read.
IN_MEMORY = 20_000_000
KEPT_ONLY = "kept_only"  # flag of a Response whose body is in the archive alone


class Keep(Protocol):
    """Where exchanges go: a Scrapy extension named by the setting ``CAPTURE_KEEPER``."""

    def keep(self, exchange: Exchange, request: Request) -> None:
        """Keep one exchange. ``exchange.body`` may be a file that is closed on return.

        Called once an exchange, in the order of sending, before the response or the failure
        reaches Scrapy (middlewares, callbacks, errbacks). A request that Twisted sent twice,
        because a keep-alive connection had gone stale, makes two calls. Whatever is raised stops
        the crawl: ``DiskFull`` with reason ``disk_full``, anything else with ``keep_failed``.
        """


class NotKept(ArchiveError):
    """An exchange that the keeper could not keep; ``__cause__`` says why. Never retried."""


def find_keeper(crawler: Crawler) -> Keep:
    """Return the crawler's keeper; raise ``BadSetting`` if no extension is one."""
    path = crawler.settings.get("CAPTURE_KEEPER", DEFAULT_KEEPER)
    try:
        keeper = crawler.get_extension(load_object(path))
    except (ImportError, NameError, ValueError) as error:
        raise BadSetting(f"CAPTURE_KEEPER: {path!r} cannot be loaded: {error}") from error
    if keeper is None:
        raise BadSetting(
            f"CAPTURE_KEEPER: {path} is not running, so nothing fetched would be kept; "
            "enable it in EXTENSIONS, or name the extension that keeps in CAPTURE_KEEPER"
        )
    if not callable(getattr(keeper, "keep", None)):
        raise BadSetting(f"CAPTURE_KEEPER: {path} has no method keep(exchange, request)")
    return cast("Keep", keeper)


class CaptureHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler, with every exchange kept.

    The crawl is closed with reason ``bad_setting`` before its first request if there is no
    keeper, and with ``disk_full`` or ``keep_failed`` at the first exchange that cannot be kept;
    ``failure`` and the stat ``capture/failure`` then say why, and nothing more is fetched.
    A Response whose body passed ``CAPTURE_IN_MEMORY`` bytes is empty and flagged ``kept_only``.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor

        self._pool = WirePool(
            reactor,
            per_host=self._pool.maxPersistentPerHost,
            in_memory=crawler.settings.getint("CAPTURE_IN_MEMORY", IN_MEMORY),
        )
        self.failure: BaseException | None = None
        try:
            self._keeper = find_keeper(crawler)
        except BadSetting as error:
            # Scrapy would log what is raised here and crawl on, failing every request.
            _refuse(crawler, error)
            raise

    async def download_request(self, request: Request) -> Response:
        """Download ``request``, keep its exchanges, then answer or raise as Scrapy's would."""
        if not request.url.lower().startswith(("http:", "https:")):
            raise UnsupportedURLSchemeError(f"not http or https: {request.url}")
        if self.failure is not None:
            raise NotKept(f"not fetched: nothing can be kept any more ({self.failure})")
        recordings: Recordings = []
        recordings_of_download.set(recordings)
        try:
            response = await super().download_request(request)
        except GeneratorExit:  # the loop is gone: nobody waits, and the keeper may be closed
            _discard(recordings)
            raise
        except BaseException as error:
            self._keep(recordings, request, _why(error))
            raise
        stopped = "download_stopped" in response.flags  # enough was read: a robots.txt of 57 MB
        self._keep(recordings, request, "length" if stopped else "unspecified")
        if recordings and recordings[-1].too_large:
            response.flags.append(KEPT_ONLY)
        return response

    def _keep(self, recordings: Recordings, request: Request, why: Truncated) -> None:
        """Hand over what was sent and received; ``why`` is the reason if the last is not whole."""
        try:
            for recording in recordings:
                recording.settle()
                last = recording is recordings[-1]
                self._keep_one(recording, request, why if last else "disconnect")
        finally:
            _discard(recordings)

    def _keep_one(self, recording: Recording, request: Request, why: Truncated) -> None:
        exchange = exchange_of(recording, request, why)
        if exchange is None:
            return
        try:
            if recording.failure is not None:
                raise _unspooled(recording.failure, exchange.url) from recording.failure
            self._keeper.keep(exchange, request)
        except Exception as error:
            self._stop(error)
            raise NotKept(f"not kept: {exchange.url}: {error}") from error
        self._count(exchange)

    def _count(self, exchange: Exchange) -> None:
        stats = self._crawler.stats
        assert stats is not None
        stats.inc_value("capture/exchanges")
        if exchange.truncated:
            stats.inc_value(f"capture/truncated/{exchange.truncated}")

    def _stop(self, error: BaseException) -> None:
        """Close the spider, once, with the cause where an operator will look for it."""
        if self.failure is not None:
            return
        self.failure = error
        logger.critical("the crawl stops: an exchange cannot be kept: %s", error, exc_info=error)
        assert self._crawler.stats is not None
        assert self._crawler.engine is not None
        self._crawler.stats.set_value("capture/failure", f"{type(error).__name__}: {error}")
        reason = "disk_full" if isinstance(error, DiskFull) else "keep_failed"
        deferred_from_coro(self._crawler.engine.close_spider_async(reason=reason))


def _refuse(crawler: Crawler, error: BadSetting) -> None:
    def refuse() -> None:
        raise CloseSpider("bad_setting") from error

    crawler.signals.connect(refuse, signals.spider_opened, weak=False)
    assert crawler.stats is not None
    crawler.stats.set_value("capture/failure", f"BadSetting: {error}")


def _unspooled(error: OSError, url: str) -> Exception:
    where = tempfile.gettempdir()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no room in {where} to hold {url} while it arrives; set TMPDIR elsewhere")
    return ArchiveError(f"cannot hold {url} in {where} while it arrives: {error}")


def _discard(recordings: Recordings) -> None:
    for recording in recordings:
        recording.close()


def _why(error: BaseException) -> Truncated:
    """Say in the words of WARC-Truncated why a download that raised ``error`` is not whole."""
    if isinstance(error, DownloadTimeoutError):
        return "time"
    if isinstance(error, DownloadCancelledError):  # what the size limits raise
        return "length"
    return "unspecified"
