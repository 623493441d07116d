"""Real Chromium against the replay: nothing leaves, and pages look as they did."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.replay import player, serve
from archive.replay.browser import Browser, browsing
from archive.replay.check import different
from archive.warc.writer import WarcWriter
from tests.archive.replay import leaks
from tests.archive.replay.conftest import Demo
from tests.archive.replay.serving import Server, replaying
from tests.archive.warc.exchanges import exchange
from tests.crawler.crawls import morestories
from tests.portal_site import pictures

pytestmark = pytest.mark.root

HTML = ("Content-Type", "text/html; charset=utf-8")


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Server]:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        writer.write(exchange("/out", leaks.page(), headers=(HTML, *leaks.HEADERS)))
    with replaying(tmp_path) as server:
        yield server


def out(browser: Browser, server: Server, modifier: str) -> list[str]:
    url = f"http://127.0.0.1:{server.port}/web/20260301120000{modifier}/http://portal.test/out"
    visit = browser.visit(url, settle=2)
    assert visit.status == 200
    return visit.leaked


def test_the_trap_catches_what_leaves(chromium: Path, tmp_path: Path) -> None:
    """A test of the test: the same page, served as it is, leaves by many ways."""

    class Raw(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                leaks.page().replace(b"top.location", b"0").replace(b"location=", b"0=")
            )

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Raw) as raw:
        thread = threading.Thread(target=raw.serve_forever)
        thread.start()
        try:
            with browsing(chromium, f"127.0.0.1:{raw.server_port}") as browser:
                visit = browser.visit(f"http://127.0.0.1:{raw.server_port}/", settle=2)
        finally:
            raw.shutdown()
            thread.join()
    assert len(set(visit.leaked)) > 25


@pytest.mark.parametrize("modifier", ["", "mp_", "id_", "im_", "cs_"])
def test_nothing_leaves(chromium: Path, hostile: Server, modifier: str) -> None:
    with browsing(chromium, f"127.0.0.1:{hostile.port}") as browser:
        assert out(browser, hostile, modifier) == []


def test_story_pages_look_as_they_did(chromium: Path, demo: Demo, screenshots: Path) -> None:
    shots = screenshots / "demo"
    done = morestories(
        "replay", "check", "--archive", demo.folder, "--pages", "5", "--live", "--json", "-o", shots
    )
    told = json.loads(done.stdout)
    print(json.dumps(told, indent=1, ensure_ascii=False))
    assert done.returncode == 0, done.stderr
    assert (told["pages"], told["failed"], told["leaked"], told["errors"]) == (5, 0, 0, 0)
    assert told["asked"] >= 5 * 9
    assert told["found"] >= 0.99
    assert told["difference"] < 0.001
    assert len(list(shots.glob("*-replay.png"))) == len(list(shots.glob("*-live.png"))) == 5


def test_what_is_missing_is_counted(chromium: Path, tmp_path: Path) -> None:
    page = (
        b'<link rel=stylesheet href=/a.css><img src=/b.png><img src=/c.png><p style="color:red">x'
    )
    image = ("Content-Type", "image/png")
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        writer.write(exchange("/page", page, headers=(HTML,)))
        writer.write(exchange("/b.png", pictures.picture(1), headers=(image,)))
    with replaying(tmp_path) as server, browsing(chromium, f"127.0.0.1:{server.port}") as browser:
        url = f"http://127.0.0.1:{server.port}/web/20260301120000mp_/http://portal.test/page"
        visit = browser.visit(url, picture=tmp_path / "x.png")
    assert (visit.status, visit.asked, visit.leaked, visit.errors) == (200, 3, [], [])
    assert sorted(address.rpartition("/")[2] for address in visit.missing) == ["a.css", "c.png"]
    assert different(tmp_path / "x.png", tmp_path / "x.png") == 0


DYNAMIC = b"""<!doctype html><html><head><meta charset=utf-8><title>d</title></head><body>
<p id=a>nothing</p><img id=b src="/b.png"><script type=module>
import { word } from "/module.js";
const told = await (await fetch("/data.json")).json();
document.getElementById("a").textContent = `${word} ${told.number}, ${typeof RTCPeerConnection}`;
try { parent.parent.document.title = "forged"; } catch (error) {}
</script></body></html>"""


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Serve a page that needs its scripts; gives the two ports."""
    folder = tmp_path_factory.mktemp("scripted")
    with WarcWriter(folder / "warc", portal="demo", info={}) as writer:
        script = ("Content-Type", "text/javascript")
        writer.write(exchange("/out", leaks.page(), headers=(HTML, *leaks.HEADERS)))
        writer.write(exchange("/page", DYNAMIC, headers=(HTML,)))
        writer.write(exchange("/module.js", b"export const word = 'number';", headers=(script,)))
        writer.write(
            exchange(
                "/data.json", b'{"number": 42}', headers=(("Content-Type", "application/json"),)
            )
        )
        writer.write(
            exchange("/b.png", pictures.picture(1), headers=(("Content-Type", "image/png"),))
        )
    player.install(folder)
    main, other = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    port = other.getsockname()[1]
    with serve.replaying(folder, main, other, player=port) as first:
        yield first, port


def test_a_page_runs_with_its_scripts_on_an_origin_of_its_own(
    chromium: Path, scripted: tuple[int, int]
) -> None:
    main, other = scripted
    allowed = f"127.0.0.1:{main};127.0.0.1:{other}"
    with browsing(chromium, allowed) as browser:
        url = f"http://127.0.0.1:{main}/full/20260301120000/http://portal.test/page"
        title, texts = browser.read(url, "#a", settle=3)
    assert texts == ["number 42, undefined"]
    assert title.startswith("http://portal.test/page as of")


def test_a_raw_capture_is_given_to_the_worker_alone(scripted: tuple[int, int]) -> None:
    main, other = map(Server, scripted)
    path = "/web/20260301120000ir_/http://portal.test/page"
    assert other.get(path).status == 403
    assert other.get(path, sec_fetch_dest="document").status == 403
    assert other.get(path.replace("ir_", "mp_"), sec_fetch_dest="empty").status == 403
    assert other.get(path, sec_fetch_dest="empty").body == DYNAMIC
    assert "sandbox" in main.get(path).headers["content-security-policy"]
    assert other.get("/").status == 404


def test_nothing_leaves_a_page_with_scripts(chromium: Path, scripted: tuple[int, int]) -> None:
    main, other = scripted
    with browsing(chromium, f"127.0.0.1:{main};127.0.0.1:{other}") as browser:
        url = f"http://127.0.0.1:{main}/full/20260301120000/http://portal.test/out"
        assert browser.visit(url, settle=4).leaked == []
