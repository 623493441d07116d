"""The replay as an HTTP server: routes, and what each answers."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.cdxj import Entry, url_key
from archive.errors import ArchiveError, BadSetting, DamagedRecord
from archive.exclusions import Standing
from archive.replay import cdx, timemap, views
from archive.replay.answer import answer
from archive.replay.asked import Asked, address, ascii_url, asked, datetime_header
from archive.replay.index import Excluded, Index, Span, span
from archive.replay.links import WEB, Links, replay_path
from archive.replay.memento import Memento, load
from archive.replay.player import application as player_application
from archive.warc.message import header

logger = logging.getLogger(__name__)

FULL: Final = "/full/"
STATUS: Final = "/-/status"
_MOST_TRIED: Final = 50  # captures looked at for one that can be shown
_LINES: Final = 1_000  # of a streamed answer sent at a time


@dataclass(frozen=True, slots=True)
class Replay:
    """One archive as it is replayed."""

    index: Index
    player: int = 0  # the port of replay with scripts; 0 where there is none

    @property
    def archive(self) -> Path:
        return self.index.archive

    def front(self, _: Request) -> Response:
        return views.front(self.index)

    def status(self, _: Request) -> Response:
        """Tell another process which archive is replayed here."""
        told = {"morestories": "replay", "archive": str(self.archive), "portal": self.index.portal}
        return JSONResponse(told)

    def search(self, request: Request) -> Response:
        return views.search(self.index, request.query_params.get("q", ""))

    def web(self, request: Request) -> Response:
        """Answer for what stands after ``/web/``: a memento, a TimeGate, a TimeMap, a calendar."""
        path = after(request, WEB)
        if path.startswith("*/"):
            return self._captures(asked(path[2:]).url, "")
        if found := re.fullmatch(r"timemap/(link|json|cdxj)/(.+)", path, re.S):
            return self._timemap(request, found[1], found[2])
        wanted = asked(path)
        if not wanted.timestamp:
            return self._timegate(request, wanted)
        return self._memento(request, wanted)

    def captures(self, request: Request) -> Response:
        """Show the captures of an address, one year at a time."""
        told = request.query_params
        return self._captures(address(told.get("url", "")), told.get("year", ""))

    def _captures(self, url: str, year: str) -> Response:
        if reason := self._why_none(span(url)):
            return views.excluded(Asked(url), reason)
        return views.captures(self.index, url, year)

    def diff(self, request: Request) -> Response:
        """Show what changed in a story."""
        told = request.query_params
        return views.diff(
            self.index, address(told.get("url", "")), told.get("from", ""), told.get("to", "")
        )

    def cdx(self, request: Request) -> Response:
        question = cdx.read_question(request.query_params.multi_items())
        if request.query_params.get("showNumPages"):  # cdx-toolkit asks; everything is one page
            return JSONResponse({"pages": 1, "pageSize": 1, "blocks": 1})
        if (request.query_params.get("page") or "0") != "0":
            return PlainTextResponse("")
        lines = cdx.answer(self.index, question)
        first = next(lines, None)
        if first is None and (reason := self._why_none(span(question.url, question.match))):
            return _excluded(question.url, reason)
        if first is None and question.output == "json":  # as pywb, which clients go by
            return JSONResponse({"message": f"No Captures found for: {question.url}"}, 404)
        return _streamed(_again(first or "", lines), cdx.MEDIA[question.output])

    def _timegate(self, request: Request, wanted: Asked) -> Response:
        """Redirect to the capture nearest to Accept-Datetime, the newest without one (RFC 7089, 4)."""
        accept = request.headers.get("accept-datetime")
        at = datetime_header(accept) if accept else datetime.now(UTC)
        found = self._nearest(Asked(wanted.url, f"{at:%Y%m%d%H%M%S}", "mp_"))
        if isinstance(found, Entry):
            # Who sends Accept-Datetime wants the memento; a person wants it in its frame.
            target = replay_path(ascii_url(found.url), found.timestamp, "mp_" if accept else "")
            found = RedirectResponse(target, 302)
        origin, url = origin_of(request), ascii_url(wanted.url)
        found.headers["Vary"] = "accept-datetime"
        found.headers["Link"] = (
            f'<{url}>; rel="original", '
            f'<{origin}{WEB}timemap/link/{url}>; rel="timemap"; type="application/link-format"'
        )
        return found

    def _timemap(self, request: Request, form: str, path: str) -> Response:
        url = asked(path).url
        entries = self.index.of(url)
        origin = origin_of(request)
        lines: Iterator[str]
        if form == "cdxj":
            lines, media = (entry.line().decode() for entry in entries), cdx.MEDIA["cdxj"]
        elif form == "json":
            lines, media = timemap.as_json(origin, url, entries), "application/json"
        else:
            lines = timemap.link_format(origin, url, entries)
            media = "application/link-format"
        first = next(lines, None)
        if first is None:
            if reason := self._why_none(span(url)):
                return _excluded(url, reason)
            return PlainTextResponse(f"{url} was never captured\n", 404)
        return _streamed(_again(first, lines), media)

    def _memento(self, request: Request, wanted: Asked) -> Response:
        found = self._nearest(wanted)
        if not isinstance(found, Entry):
            return found
        if wanted.modifier == "":
            if found.timestamp != wanted.timestamp or found.url != wanted.url:
                return RedirectResponse(replay_path(ascii_url(found.url), found.timestamp), 302)
            return self._frame(found, "")
        memento = self._load(found)
        if isinstance(memento, ArchiveError):
            return views.damaged(wanted, memento)
        return answer(wanted, memento, origin_of(request), request.headers.get("range", ""))

    def full(self, request: Request) -> Response:
        """Show a capture with its scripts, in a frame whose content is the player's origin."""
        wanted = asked(after(request, FULL))
        found = self._nearest(Asked(wanted.url, wanted.timestamp or "9999"))
        if not isinstance(found, Entry):
            return found
        host = request.url.hostname or ""
        url = f"http://{host}:{self.player}/play?" + urlencode(
            {"timestamp": found.timestamp, "url": found.url}
        )
        return self._frame(found, url)

    def _frame(self, entry: Entry, playing: str) -> Response:
        full = f"{FULL}{entry.timestamp}/{ascii_url(entry.url)}" if self.player else ""
        return views.frame(self.index, entry, self._load(entry), full=full, playing=playing)

    def _load(self, entry: Entry) -> Memento | ArchiveError:
        try:
            return load(self.index, entry)
        except (ArchiveError, OSError) as error:
            logger.warning("%s of %s cannot be replayed: %s", entry.url, entry.timestamp, error)
            return error if isinstance(error, ArchiveError) else ArchiveError(str(error))

    def _nearest(self, wanted: Asked) -> Entry | Response:
        """Return the capture to show, or the page that says why there is none.

        That very second wins; else the nearest that is no error. A redirect from an address to
        one with the same SURT (``http`` to ``https``, ``/a`` to ``/a/``) would lead to itself.
        """
        found = list(islice(self.index.nearest(wanted.url, wanted.timestamp), _MOST_TRIED))
        if not found:
            return self._nothing(wanted)
        exact = [entry for entry in found if entry.timestamp == wanted.timestamp]
        exact.sort(key=lambda entry: entry.url != wanted.url)
        good = [entry for entry in found if not entry.status or entry.status < "4"]
        tried = [*exact, *good, *found]
        return next((entry for entry in tried if not self._leads_to_itself(entry)), tried[0])

    def _leads_to_itself(self, entry: Entry) -> bool:
        if not entry.status.startswith("3"):
            return False
        memento = self._load(entry)
        if isinstance(memento, ArchiveError):
            return False
        led = Links(entry.url, entry.timestamp).to(header(memento.headers, "location"), "id_")
        return bool(led) and url_key(asked(str(led)[len(WEB) :]).url) == entry.key

    def _nothing(self, wanted: Asked) -> Response:
        """Say that an address was never captured, or why its captures are not shown."""
        if reason := self._why_none(span(wanted.url)):
            return views.excluded(wanted, reason)
        return views.never(self.index, wanted)

    def _why_none(self, where: Span) -> str | None:
        return self.index.why_none(where, _MOST_TRIED)


def after(request: Request, prefix: str) -> str:
    """Return what stands in the request's target after ``prefix``, query included, as sent."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    path = raw.decode("utf-8", "replace")[len(prefix) :]
    return f"{path}?{query.decode('latin-1')}" if query else path


def origin_of(request: Request) -> str:
    """Return scheme, host and port by which the client reached the server."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def _again(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _streamed(lines: Iterable[str], media: str) -> Response:
    """Send lines as they are found, many at a time."""

    def pieces() -> Iterator[str]:
        rest = iter(lines)
        while piece := "".join(islice(rest, _LINES)):
            yield piece

    return StreamingResponse(pieces(), media_type=media)


class HostCheck:
    """Refuse requests for a name that is not this server's: DNS rebinding.

    A page on the web can let its own name lead to 127.0.0.1 and then read what is there; the
    browser still names that host. An address cannot be rebound, a name can.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = {name.lower() for name in names} | {"localhost", socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._known(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        text = "421: this server is not known by that name (Host); ask for it by its address\n"
        await PlainTextResponse(text, 421)(scope, receive, send)

    def _known(self, host: str) -> bool:
        name = re.sub(r":\d*$", "", host).strip("[]").lower()
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class ByPort:
    """Two origins in one server: what comes in by the player's port is the player's."""

    def __init__(self, main: ASGIApp, port: int, player: ASGIApp) -> None:
        self._main = main
        self._port = port
        self._player = player

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        by_player = scope["type"] == "http" and scope["server"][1] == self._port
        await (self._player if by_player else self._main)(scope, receive, send)


def _excluded(url: str, reason: str) -> Response:
    """Say to a program why captures that are there are not shown (RFC 7725)."""
    return PlainTextResponse(f"{url}: {reason}\n", 451)


def _bad_setting(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 400)


def _archive_error(_: Request, error: Exception) -> Response:
    return views.fault(500, "The archive cannot answer this", str(error))


def application(
    archive: Path,
    *,
    portal: str = "",
    names: Sequence[str] = (),
    excluded: Excluded | None = None,
    player: int = 0,
) -> ASGIApp:
    """Return the replay of ``archive`` (of one portal's crawls) as an ASGI application.

    ``names`` are host names that it answers to, beside localhost and addresses. What is excluded
    is the archive's own list unless ``excluded`` is given; raises ``StoreError`` if that is damaged.
    ``player`` is a second port of the same server, where pages are replayed with their scripts.
    """
    if excluded is None:
        standing = Standing(archive)
        standing.now()
        excluded = standing.reason
    replay = Replay(Index(archive, portal=portal, excluded=excluded), player)
    routes = [
        Route("/", replay.front),
        Route("/-/style.css", lambda _: views.style()),
        Route(STATUS, replay.status),
        Route("/search", replay.search),
        Route("/cdx", replay.cdx),
        Route("/captures", replay.captures),
        Route("/diff", replay.diff),
        Route("/web/{rest:path}", replay.web),
        *([Route(FULL + "{rest:path}", replay.full)] if player else []),
    ]
    handlers = {
        BadSetting: _bad_setting,
        DamagedRecord: _archive_error,
        ArchiveError: _archive_error,
    }
    main = Starlette(routes=routes, exception_handlers=handlers)
    if not player:
        return HostCheck(main, names)
    return HostCheck(ByPort(main, player, player_application(replay.web, archive)), names)
