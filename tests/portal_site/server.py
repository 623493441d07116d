"""The demo portal as a real HTTP server on loopback."""

from __future__ import annotations

import gzip
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.portal_site import broken, odd, pages
from tests.portal_site.answer import Answer
from tests.portal_site.newsroom import Newsroom
from tests.portal_site.story import Story

SEED = "himachal"
GZIP_OVER = 400  # bytes under which compressing is not worth it


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that the portal got. ``at`` is seconds since 1970, ``target`` path and query."""

    at: float
    method: str
    target: str
    status: int
    agent: str
    body_bytes: int


class PortalSite:
    """The portal while it runs; a context manager that stops the server and its threads.

    ``soft_404`` answers every unknown path with the home page and 200. ``rest`` lets anybody read
    WordPress's REST listing, which is closed otherwise. ``port`` 0 takes a free one. The truth is in :attr:`articles`; :attr:`asked` logs every request in order.
    """

    def __init__(
        self,
        articles: int = 320,
        *,
        port: int = 0,
        seed: str = SEED,
        soft_404: bool = False,
        rest: bool = False,
    ) -> None:
        self.soft_404 = soft_404
        self.asked: list[Asked] = []
        self.failures: list[BaseException] = []  # faults of the portal's own code
        self.closing = threading.Event()
        self._acts: dict[str, list[str]] = defaultdict(list)
        self._cache: dict[str, Answer] = {}
        self._cached_at = -1
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.site = self
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.room = Newsroom(articles, seed=seed, home=self.url)
        self.room.rest = rest
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self.failures and error is None:
            raise self.failures[0]

    @property
    def articles(self) -> list[Story]:
        """Return every story that is public now, newest first."""
        return self.room.newest()

    @property
    def broken(self) -> dict[str, str]:
        """Return the addresses that are not stories in good order: name -> URL."""
        names = {name: value for name, value in vars(broken).items() if name.isupper()}
        return {
            name.lower(): self.url + path[1:]
            for name, path in names.items()
            if isinstance(path, str)
        }

    @property
    def requests(self) -> list[str]:
        """Return the paths (with query) that were asked for, in order."""
        return [request.target for request in self.asked]

    def edit(self, slug: str, *, paragraph: str = "", title: str = "") -> Story:
        """Change a story's text or title; see :meth:`Newsroom.edit`."""
        return self.room.edit(slug, paragraph=paragraph, title=title)

    def delete(self, slug: str, status: int = 410) -> Story:
        """Take a story away; its address answers ``status`` (404 or 410) from now on."""
        return self.room.delete(slug, status)

    def move(self, slug: str, new_slug: str = "") -> Story:
        """Give a story a new address; the old one redirects."""
        return self.room.move(slug, new_slug)

    def add(self) -> Story:
        """Publish one more story, newest of all."""
        return self.room.add()

    def redesign(self, design: str) -> None:
        """Show stories in another design; see :meth:`Newsroom.redesign`."""
        self.room.redesign(design)

    def misbehave(self, path: str, act: str, times: int = 1) -> None:
        """Let the next ``times`` requests of ``path`` (without query) meet ``odd.ACTS[act]``."""
        if act not in odd.ACTS:
            raise KeyError(f"{act!r} is none of {', '.join(odd.ACTS)}")
        self._acts[path].extend([act] * times)

    def act_for(self, target: str) -> str | None:
        """Return the misbehaviour that is due for ``target``, and count it as done."""
        path = target.partition("?")[0]
        if path.startswith("/odd/"):
            name = path.split("/")[2]
            return name if name in odd.ACTS else "404"
        with self.room.lock:
            return self._acts[path].pop(0) if self._acts.get(path) else None

    def answer(self, target: str) -> Answer:
        """Return the portal's answer to a GET, made once between two changes."""
        with self.room.lock:
            if self._cached_at != self.room.changes:
                self._cache.clear()
                self._cached_at = self.room.changes
            cached = self._cache.get(target)
        if cached is None:
            cached = pages.answer(self.room, target, soft_404=self.soft_404)
            self._cache[target] = cached
        return cached


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    site: PortalSite

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what went wrong in the portal itself; a crawler that hangs up is no news."""
        error = sys.exception()
        if error and not isinstance(error, OSError):
            self.site.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    wbufsize = 1 << 16  # head and body leave together
    disable_nagle_algorithm = True
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        if act := site.act_for(self.path):
            self._log(-1, 0)
            self.close_connection = True
            odd.ACTS[act](self.wfile, self.connection, site.closing)
            return
        answer = site.answer(self.path)
        if self._is_known(answer):
            answer = Answer(status=304, etag=answer.etag, modified=answer.modified, type="")
        self._send(answer)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send(Answer(b"", "text/plain", status=405, headers=(("Allow", "GET, HEAD"),)))

    def _is_known(self, answer: Answer) -> bool:
        """Tell whether the client has it, as WordPress does: both must fit where both are sent."""
        tag, since = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if not answer.etag or not (tag or since):
            return False
        fits_tag = tag == f'"{answer.etag}"'
        fits_date = since is not None and _when(since) >= _when(answer.modified)
        return fits_tag and fits_date if tag and since else fits_tag or fits_date

    def _send(self, answer: Answer) -> None:
        body = answer.body
        packs = "gzip" in self.headers.get("Accept-Encoding", "") and answer.declared is None
        packs = packs and len(body) > GZIP_OVER and not answer.type.startswith(("image/", "font/"))
        if packs:
            body = gzip.compress(body, 5, mtime=0)
        self._log(answer.status, len(body))
        self.send_response(answer.status)
        if answer.type:
            self.send_header("Content-Type", answer.type)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.modified:
            self.send_header("Last-Modified", answer.modified)
            # nginx weakens the tag of what it compresses, and WordPress then never matches it.
            self.send_header("ETag", f'{"W/" if packs else ""}"{answer.etag}"')
        if packs:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Vary", "Accept-Encoding")
        if answer.status != 304:
            self.send_header("Content-Length", str(answer.declared or len(body)))
        if answer.declared is not None:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _log(self, status: int, body_bytes: int) -> None:
        agent = self.headers.get("User-Agent", "")
        asked = Asked(time.time(), self.command, self.path, status, agent, body_bytes)
        self.server.site.asked.append(asked)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to the terminal; ``PortalSite.asked`` has it."""


def _when(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return datetime.min.year
