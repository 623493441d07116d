"""Who has only the WACZ sees the page, in ReplayWeb.page's own viewer."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Frame, Page

from archive.replay.browser import browsing
from tests.archive.replay.conftest import Demo
from tests.crawler.crawls import morestories

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]

VIEWER = "replaywebpage@2.4.6"  # AGPL: fetched for this test, never part of the project
SHELL = """<!doctype html><meta charset="utf-8"><title>viewer</title><script src="/ui.js"></script>
<style>html,body{margin:0;height:100%%}</style>
<replay-web-page source="/story.wacz" url="%s" replayBase="/replay/" embed="replayonly"></replay-web-page>
"""


@pytest.fixture(scope="session")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the viewer's package, with its ``ui.js`` and ``sw.js``."""
    if not shutil.which("npm"):
        pytest.skip("wants npm, to fetch ReplayWeb.page")
    folder = tmp_path_factory.mktemp("viewer")
    subprocess.run(["npm", "pack", "--silent", VIEWER], cwd=folder, check=True, timeout=120)
    (packed,) = folder.glob("*.tgz")
    shutil.unpack_archive(packed, folder, filter="data")
    return folder / "package"


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[str]:
    """Serve ``files`` by path on loopback, parts of them where a range is asked; yield host:port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = files.get(path)
            self.send_response(404 if body is None else 206 if self.headers["Range"] else 200)
            body, whole = body or b"", len(body or b"")
            if asked := self.headers["Range"]:
                first, _, last = asked.removeprefix("bytes=").partition("-")
                start = int(first) if first else whole - int(last)
                end = min(int(last), whole - 1) if first and last else whole - 1
                self.send_header("Content-Range", f"bytes {start}-{end}/{whole}")
                body = body[start : end + 1]
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", TYPES.get(Path(path).suffix, TYPES[""]))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


TYPES = {
    "": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".wacz": "application/wacz",
}


def test_a_wacz_alone_shows_the_story(
    chromium: Path, viewer: Path, demo: Demo, screenshots: Path, tmp_path: Path
) -> None:
    wacz = tmp_path / "story.wacz"
    done = morestories("export", "--wacz", wacz, "--portal", "demo", "--archive", demo.folder)
    assert done.returncode == 0, done.stderr
    story = demo.site.articles[0]
    worker = (viewer / "sw.js").read_bytes()
    files = {
        "/": (SHELL % story.url).encode(),
        "/ui.js": (viewer / "ui.js").read_bytes(),
        "/sw.js": worker,
        "/replay/sw.js": worker,
        "/story.wacz": wacz.read_bytes(),
    }
    leaked: list[str] = []
    with (
        serving(files) as address,
        browsing(chromium, address) as browser,
        browser.page(leaked) as page,
    ):
        page.on("console", lambda message: print("console:", message.type, message.text))
        page.goto(f"http://{address}/")
        shown = frame_of(page, story.url)
        shown.wait_for_selector("#scroll-up", timeout=60_000)  # its script ran
        page.wait_for_timeout(1_000)
        page.screenshot(path=screenshots / "replayweb.page.png")
        text = shown.inner_text("body")
        widths = shown.evaluate("[...document.images].map(one => [one.src, one.naturalWidth])")
        fonts = shown.evaluate("[...document.fonts].map(one => [one.family, one.status])")
    assert leaked == []
    assert all(paragraph in text for paragraph in story.paragraphs)
    assert {width for address, width in widths if f"/{story.id}" in address} == {640}
    assert 0 not in {width for _, width in widths}, widths
    assert fonts == [["Him Icons", "loaded"]]


def frame_of(page: Page, url: str) -> Frame:
    """Return the frame that shows the captured page ``url``, once it is there."""
    for _ in range(600):
        for frame in page.frames:
            if frame.url.endswith((url, quote(url, safe=":/%"))):
                return frame
        page.wait_for_timeout(100)
    raise AssertionError(f"no frame shows {url}: {[frame.url for frame in page.frames]}")
