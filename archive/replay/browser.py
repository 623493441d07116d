"""A headless Chromium whose only way out is the replay; what tries another way is written down.

Playwright drives the browser that the system has: none is downloaded. It comes with the extra
``morestories[check]``.
"""

from __future__ import annotations

import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from archive.errors import BadSetting

if TYPE_CHECKING:
    from playwright.sync_api import Browser as RunningBrowser
    from playwright.sync_api import ConsoleMessage, Page, Request, Response

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDTH, HEIGHT = 1280, 800
_TALLEST: Final = 6_000  # pixels of a screenshot: an endless page must end
_LONGEST: Final = 30_000  # milliseconds for a page to load
_QUIET: Final = (
    "--no-sandbox",  # it runs as root in containers; what it loads has no scripts or no way out
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


# Whom Chromium itself asks at every start, whatever its flags: no page of ours asks for these.
_ITS_OWN: Final = (
    "update.googleapis.com",
    "content-autofill.googleapis.com",
    "clients2.google.com",
    "accounts.google.com",
)


@dataclass(slots=True)
class Visit:
    """What came of loading one page. ``leaked`` are requests that left for anywhere else.

    ``asked`` counts what the page asked of the replay, itself not included; ``missing`` are those
    of them that the archive has not. ``errors`` are the console's, less the one line that Chromium
    writes for each of ``missing``.
    """

    url: str
    status: int = 0
    asked: int = 0
    missing: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def find_browser(named: Path | None = None) -> Path:
    """Return the Chromium to run; ``BadSetting`` says how to get one."""
    if named is not None:
        if not named.is_file():
            raise BadSetting(f"no browser at {named}")
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise BadSetting(
        "no Chromium found: install it (`apt install chromium`) or name one with --browser PATH"
    )


class Browser:
    """Loads pages one after the other, each in a fresh profile. Made by :func:`browsing`."""

    def __init__(
        self, start: Callable[[list[str]], RunningBrowser], trap: _Trap, allowed: str
    ) -> None:
        # The browser resolves no name and connects to nobody else, loopback included.
        shut_in = f"--proxy-server=http://127.0.0.1:{trap.port}"
        self._shut_in = start([shut_in, f"--proxy-bypass-list=<-loopback>;{allowed}"])
        self._free: RunningBrowser | None = None
        self._start = start
        self._trap = trap

    def visit(self, url: str, *, picture: Path | None = None, settle: float = 0.2) -> Visit:
        """Load ``url``, wait until it is quiet and ``settle`` seconds more; keep a screenshot."""
        visit = Visit(url)
        with self.page(visit.leaked) as page:
            page.on("request", lambda request: _note_request(visit, request))
            page.on("requestfailed", lambda request: _note_failure(visit, request))
            page.on("response", lambda answer: _note_answer(visit, answer))
            page.on("console", lambda message: _note_console(visit, message))
            page.on("pageerror", lambda error: visit.errors.append(str(error)))
            if fault := _load(page, url, settle, picture):
                visit.errors.append(fault)
        return visit

    def read(self, url: str, selector: str, *, settle: float) -> tuple[str, list[str]]:
        """Return the title of ``url``, and the text of ``selector`` in each of its frames."""
        with _page(self._shut_in) as page:
            if fault := _load(page, url, settle, None):
                raise BadSetting(f"{url} did not load: {fault}")
            found = [
                one.text_content() for f in page.frames for one in f.query_selector_all(selector)
            ]
            return page.title(), [text or "" for text in found]

    @contextmanager
    def page(self, leaked: list[str]) -> Iterator[Page]:
        """Yield an empty page; when it is closed, what left for elsewhere is in ``leaked``."""
        already = len(self._trap.lines)
        with _page(self._shut_in) as page:
            yield page
        leaked += [line for line in self._trap.lines[already:] if not _its_own(line)]

    def look(self, url: str, picture: Path) -> str:
        """Keep a picture of ``url`` on the live web, by a browser that may go there.

        Returns why there is none, or "".
        """
        self._free = self._free or self._start([])
        with _page(self._free) as page:
            return _load(page, url, 0.2, picture)


@contextmanager
def _page(browser: RunningBrowser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, locale="hi-IN", timezone_id="UTC"
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def _load(page: Page, url: str, settle: float, picture: Path | None) -> str:
    """Load a page and keep its picture; return what went wrong, or ""."""
    from playwright.sync_api import Error

    try:
        page.goto(url, wait_until="networkidle", timeout=_LONGEST)
        page.wait_for_timeout(settle * 1_000)
        if picture:
            _shoot(page, picture)
    except Error as error:
        return error.message.splitlines()[0]
    return ""


def _its_own(line: str) -> bool:
    host = line.split()[-1].removeprefix("http://")
    return host.startswith(_ITS_OWN)


def _note_request(visit: Visit, request: Request) -> None:
    if _is_requisite(visit, request.url):
        visit.asked += 1


def _note_answer(visit: Visit, answer: Response) -> None:
    if answer.url == visit.url:
        visit.status = answer.status
    elif answer.status >= 400 and _is_requisite(visit, answer.url):
        visit.missing.append(answer.url)


def _note_failure(visit: Visit, request: Request) -> None:
    """Note what did not come: Chromium lets no page of an opaque origin see an error's answer."""
    if _is_requisite(visit, request.url) and request.url not in visit.missing:
        visit.missing.append(request.url)


def _is_requisite(visit: Visit, url: str) -> bool:
    return url != visit.url and not url.startswith("data:") and not url.endswith("/favicon.ico")


def _note_console(visit: Visit, message: ConsoleMessage) -> None:
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        visit.errors.append(message.text)


def _shoot(page: Page, picture: Path) -> None:
    """Keep the whole page as a picture, lazy images included, up to a height that ends."""
    for _ in range(2):  # images that come into sight change a page's height
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        height = min(int(page.evaluate("document.documentElement.scrollHeight")), _TALLEST)
        page.set_viewport_size({"width": WIDTH, "height": max(height, HEIGHT)})
        _wait_for_images(page)
    page.screenshot(path=picture, animations="disabled")


def _wait_for_images(page: Page) -> None:
    for _ in range(20):
        page.wait_for_timeout(100)
        if page.evaluate("[...document.images].every(image => image.complete)"):
            return


@contextmanager
def browsing(browser: Path, allowed: str) -> Iterator[Browser]:
    """Start ``browser``; only ``allowed`` (host:port) is reached, all else ends in a trap.

    Raises ``BadSetting`` where Playwright is not installed.
    """
    try:
        import PIL  # noqa: F401
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BadSetting(
            f"driving a browser needs {error.name}: pip install 'morestories[check]'"
        ) from error
    with ExitStack() as stack:
        trap = stack.enter_context(_trap())
        playwright = stack.enter_context(sync_playwright())

        def start(arguments: list[str]) -> RunningBrowser:
            running = playwright.chromium.launch(
                executable_path=browser, args=[*_QUIET, *arguments]
            )
            stack.callback(running.close)
            return running

        yield Browser(start, trap, allowed)


class _Trap(socketserver.ThreadingTCPServer):
    """A proxy that lets nobody through and writes down who asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.lines: list[str] = []
        self.port: int = self.server_address[1]


class _Refuse(socketserver.StreamRequestHandler):
    timeout = 5
    server: _Trap

    def handle(self) -> None:
        if line := self.rfile.readline(4_096).decode("latin-1").strip():
            self.server.lines.append(" ".join(line.split()[:2]))
        self.wfile.write(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )


@contextmanager
def _trap() -> Iterator[_Trap]:
    with _Trap() as trap:
        thread = threading.Thread(target=trap.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield trap
        finally:
            trap.shutdown()
            thread.join()
