"""Every setting of the crawl, its value and why. Scrapy reads this module by scrapy.cfg.

What differs from portal to portal (pace, limits, robots) stands in the portal's own file and is
laid over these in ``crawler.run.settings_for``.
"""

from __future__ import annotations

import os

BOT_NAME = "morestories"
SPIDER_LOADER_CLASS = "crawler.spiders.loader.PortalLoader"
SPIDER_MODULES = ["crawler.spiders"]
SCHEDULER = "crawler.scheduler.Scheduler"

# Where the archive is, for `scrapy crawl`; the morestories command passes its own.
MORESTORIES_ARCHIVE = os.environ.get("MORESTORIES_ARCHIVE", "data")

# --- what is fetched, and how it is kept -------------------------------------------------------
DOWNLOAD_HANDLERS = {
    "http": "crawler.capture.CaptureHandler",
    "https": "crawler.capture.CaptureHandler",
    # Nothing else leaves: an ftp:// link would hang the crawl, file: would read the disk.
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# A WARC file of this many bytes is sealed, and the next begun.
MORESTORIES_WARC_BYTES = 1_000_000_000
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    # Replayers cannot decode zstd.
    "Accept-Encoding": "gzip, br",
}
# A page without end is cut by the portal's max_bytes; this is the ceiling for everything else.
DOWNLOAD_MAXSIZE = 20_000_000
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30
# A short body is a failure to be counted and tried again; the part that came is kept.
DOWNLOAD_FAIL_ON_DATALOSS = True
HTTPERROR_ALLOW_ALL = True
# Certificates of small portals expire; what the server sent is worth keeping all the same.
DOWNLOAD_VERIFY_CERTIFICATES = False

# --- who decides: the frontier, not Scrapy ------------------------------------------------------
# Redirects and retries are URLs and times in the frontier, so that a crash forgets neither.
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
RETRY_ENABLED = False
# The frontier's clock paces each host, for all workers; a second delay here would add to it.
DOWNLOAD_DELAY = 0
# No cookies: a page is kept as any reader gets it, and no secret reaches a file.
COOKIES_ENABLED = False
REFERER_ENABLED = False
ROBOTSTXT_OBEY = False  # RobotsMiddleware below obeys RFC 9309, which Scrapy's does not

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "crawler.addresses.AddressMiddleware": 90,
    # Nearer to the wire than Scrapy's unpacking (590): a robots.txt may come cut.
    "crawler.politeness.RobotsMiddleware": 595,
}
# Of what a callback yields; ours yield nothing, and Scrapy makes a task for each of its 100.
CONCURRENT_ITEMS = 1
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
}
EXTENSIONS = {
    "crawler.keeper.Keeper": 10,
    "crawler.progress.Progress": 20,
    # Off: it opens a port.
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.logstats.LogStats": None,
}

# --- what is said --------------------------------------------------------------------------------
LOG_LEVEL = "INFO"
LOG_VERSIONS: list[str] = []
STATS_DUMP = False
