"""What the replay server answers for a folder that our own writer wrote."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brotli
import pytest

from archive.replay.links import Links
from archive.replay.markup import rewrite_page
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from tests.archive.replay.serving import Server, replaying
from tests.archive.warc.exchanges import START, chunked, exchange, not_modified

SITE = "http://portal.test"
HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE = (
    '<!doctype html><html><head><link rel="stylesheet" href="/style.css"><script src="/a.js"></script>'
    '</head><body onload="x()"><p>नमस्ते</p><img data-src="/image.png" src="data:,"></body></html>'
)
IMAGE = bytes(range(256)) * 40
CSS = b'@charset "utf-8"; @import "more.css"; body { background: url(../image.png) }'


def stamp(seconds: int) -> str:
    return f"{START + timedelta(seconds=seconds):%Y%m%d%H%M%S}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    page = exchange("/page", PAGE.encode(), headers=(HTML,))
    packed = exchange(
        "/gzip",
        chunked(gzip.compress(PAGE.replace("नमस्ते", "g" * 400).encode(), mtime=0)),
        headers=(HTML, ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")),
        framing=False,
    )
    written = [
        page,
        packed,
        exchange(
            "/br",
            brotli.compress(PAGE.encode()),
            headers=(HTML, ("Content-Encoding", "br"), ("Set-Cookie", "a=1"), ("ETag", '"e"')),
        ),
        not_modified(packed, 100),
        replace(packed, url=f"{SITE}/twin", started=START + timedelta(seconds=50)),
        exchange("/image.png", IMAGE, headers=(("Content-Type", "image/png"),)),
        exchange("/style.css", CSS, headers=(("Content-Type", "text/css"),)),
        exchange("/font.woff2", b"wOF2", headers=(("Content-Type", "font/woff2"),)),
        exchange("/old", b"", status="301 Moved", headers=(("Location", "/page?x=1#y"),)),
        exchange("/slash", b"", status="301 Moved", headers=(("Location", "/slash/"),)),
        exchange("/slash/", PAGE.encode(), headers=(HTML,), number=1),
        exchange("/missing", b"<p>nothing here</p>", status="404 Not Found", headers=(HTML,)),
        replace(exchange("/cut", PAGE.encode(), headers=(HTML,)), truncated="disconnect"),
        exchange(
            "/latin",
            "<html><head></head><body><a href='/é'>café</a></body></html>".encode("latin-1"),
            headers=(("Content-Type", "text/html; charset=iso-8859-1"),),
        ),
        *[replace(page, url=f"{SITE}/often", started=START + timedelta(days=n)) for n in range(5)],
    ]
    with (
        RevisitIndex(folder) as revisits,
        WarcWriter(folder / "warc", portal="demo", info={}, revisits=revisits) as writer,
    ):
        for one in written:
            writer.write(one)
    return folder


@pytest.fixture(scope="module")
def server(archive: Path) -> Iterator[Server]:
    with replaying(archive) as running:
        yield running


def test_a_page_is_shown_without_scripts_and_with_its_lazy_image(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}mp_/{SITE}/page")
    assert got.status == 200
    assert f'href="/web/{stamp(0)}cs_/{SITE}/style.css"' in got.text
    assert f'src="/web/{stamp(0)}im_/{SITE}/image.png"' in got.text
    assert "script" not in got.text
    assert "onload" not in got.text
    assert "<p>नमस्ते</p>" in got.text


def test_nothing_of_a_page_may_run_or_reach_elsewhere(server: Server) -> None:
    for path in ("page", "style.css", "image.png", "missing"):
        got = server.get(f"/web/{stamp(0)}mp_/{SITE}/{path}")
        policy = got.headers["content-security-policy"]
        assert "sandbox allow-top-navigation-by-user-activation;" in policy
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "set-cookie" not in got.headers


@pytest.mark.parametrize("path", ["gzip", "br", "twin"])
def test_codings_are_undone_and_revisits_resolved(server: Server, path: str) -> None:
    got = server.get(f"/web/{stamp(0)}id_/{SITE}/{path}")
    assert got.body.startswith(b"<!doctype html>")
    assert got.body.endswith(b"</html>")
    assert "content-encoding" not in got.headers
    assert got.headers["content-type"] == "text/html; charset=utf-8"


def test_a_304_is_the_page_that_it_confirmed(server: Server) -> None:
    got = server.get(f"/web/{stamp(100)}id_/{SITE}/gzip")
    assert got.status == 200
    assert got.headers["memento-datetime"] == "Sun, 01 Mar 2026 12:01:40 GMT"
    assert b"g" * 400 in got.body


def test_cookies_are_not_given_on(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}mp_/{SITE}/br")
    assert not [name for name in got.headers if "cookie" in name]
    assert got.headers["x-archive-orig-etag"] == '"e"'


def test_a_style_sheet_leads_into_the_replay(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}cs_/{SITE}/style.css")
    assert f'@import "/web/{stamp(0)}cs_/{SITE}/more.css"' in got.text
    assert f"url(/web/{stamp(0)}im_/{SITE}/image.png)" in got.text
    assert got.text.startswith('@charset "utf-8"')


def test_a_font_may_be_read_by_a_page_without_origin(server: Server) -> None:
    assert (
        server.get(f"/web/{stamp(0)}im_/{SITE}/font.woff2").headers["access-control-allow-origin"]
        == "null"
    )
    page = server.get(f"/web/{stamp(0)}mp_/{SITE}/page")
    assert "access-control-allow-origin" not in page.headers


def test_a_redirect_leads_on_inside(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}mp_/{SITE}/old")
    assert got.status == 301
    assert got.headers["location"] == f"/web/{stamp(0)}mp_/{SITE}/page?x=1#y"


def test_a_redirect_to_the_same_surt_leads_to_the_page(server: Server) -> None:
    for path in ("slash", "slash/"):
        got = server.get(f"/web/{stamp(0)}mp_/{SITE}/{path}")
        assert (got.status, "नमस्ते" in got.text) == (200, True)


def test_a_charset_is_kept(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}mp_/{SITE}/latin")
    charset = got.headers["content-type"].rpartition("=")[2]
    assert "café" in got.body.decode(charset)
    assert "utf" not in charset


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/10240"),
        ("bytes=10000-", 206, slice(10000, None), "bytes 10000-10239/10240"),
        ("bytes=-5", 206, slice(-5, None), "bytes 10235-10239/10240"),
        ("bytes=10240-", 416, slice(0, 0), "bytes */10240"),
        ("bytes=99999-100000", 416, slice(0, 0), "bytes */10240"),
        ("bytes=5-2", 200, slice(None), None),
        ("lines=1-2", 200, slice(None), None),
        (f"bytes={'9' * 5_000}-", 200, slice(None), None),
    ],
)
def test_ranges(server: Server, asked: str, status: int, part: slice, told: str | None) -> None:
    got = server.get(f"/web/{stamp(0)}im_/{SITE}/image.png", range=asked)
    assert (got.status, got.body) == (status, IMAGE[part])
    assert got.headers.get("content-range") == told


def test_the_frame_tells_when_and_what_is_wrong(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}/{SITE}/cut")
    assert "2026-03-01 12:00:00 UTC" in got.text
    assert "not whole: the connection ended" in got.text
    assert f'<iframe src="/web/{stamp(0)}mp_/{SITE}/cut"' in got.text
    assert "script-src" not in got.headers["content-security-policy"]
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert "answered 404" in server.get(f"/web/{stamp(0)}/{SITE}/missing").text


def test_an_error_page_is_replayed_with_its_status(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}mp_/{SITE}/missing")
    assert (got.status, got.body) == (404, b"<p>nothing here</p>")


def test_another_time_leads_to_the_nearest_capture(server: Server) -> None:
    for asked, found in (("2026030223", "20260302120000"), ("20260303", "20260303120000")):
        got = server.get(f"/web/{asked}/{SITE}/often")
        assert (got.status, got.headers["location"]) == (302, f"/web/{found}/{SITE}/often")


def test_a_timegate_negotiates(server: Server) -> None:
    got = server.get(f"/web/{SITE}/often", accept_datetime="Tue, 03 Mar 2026 13:00:00 GMT")
    assert got.status == 302
    assert got.headers["location"] == f"/web/20260303120000mp_/{SITE}/often"
    assert got.headers["vary"] == "accept-datetime"
    assert f'<{SITE}/often>; rel="original"' in got.headers["link"]
    assert 'rel="timemap"; type="application/link-format"' in got.headers["link"]
    assert "memento-datetime" not in got.headers
    memento = server.get(got.headers["location"])
    assert memento.headers["memento-datetime"] == "Tue, 03 Mar 2026 12:00:00 GMT"
    assert 'rel="timegate"' in memento.headers["link"]
    assert (
        server.get(f"/web/{SITE}/often").headers["location"] == f"/web/20260305120000/{SITE}/often"
    )
    assert server.get(f"/web/{SITE}/often", accept_datetime="yesterday").status == 400


def test_a_timemap_lists_every_capture(server: Server) -> None:
    got = server.get(f"/web/timemap/link/{SITE}/often")
    assert got.headers["content-type"].startswith("application/link-format")
    links = got.text.strip().split(",\n")
    assert [link.partition("rel=")[2][:14] for link in links[:2]] == ['"original"', '"timegate"']
    mementos = [link for link in links if "memento" in link]
    assert len(mementos) == 5
    assert 'rel="first memento"; datetime="Sun, 01 Mar 2026 12:00:00 GMT"' in mementos[0]
    assert 'rel="last memento"; datetime="Thu, 05 Mar 2026 12:00:00 GMT"' in mementos[-1]
    told = json.loads(server.get(f"/web/timemap/json/{SITE}/often").body)
    assert told["original_uri"] == f"{SITE}/often"
    assert [one["datetime"][:10] for one in told["mementos"]["list"]] == [
        f"2026-03-0{day}" for day in range(1, 6)
    ]
    assert server.get(f"/web/timemap/link/{SITE}/never").status == 404


def lines(server: Server, query: str) -> list[str]:
    got = server.get(f"/cdx?{query}")
    assert got.status == 200, got.text
    return got.text.splitlines()


def test_the_cdx_api_asks_the_index(server: Server, archive: Path) -> None:
    whole = (archive / "index.cdxj").read_text().splitlines()
    assert lines(server, "url=portal.test&matchType=domain") == whole
    assert lines(server, "url=*.portal.test") == whole
    assert lines(server, "url=portal.test/*") == whole
    assert lines(server, f"url={SITE}/often&sort=reverse") == [
        line for line in reversed(whole) if "/often " in line
    ]
    text = "output=text&fl=timestamp"
    assert lines(server, f"url={SITE}/often&from=20260302&to=20260303&{text}") == [
        "20260302120000",
        "20260303120000",
    ]
    assert lines(server, f"url={SITE}/often&limit=2&{text}") == ["20260301120000", "20260302120000"]
    assert lines(server, f"url={SITE}/often&limit=-1&{text}") == ["20260305120000"]
    for limit in ("9" * 30, "-" + "9" * 30):
        assert len(lines(server, f"url={SITE}/often&limit={limit}")) == 5
    for bounds, found in (
        ("from=2026030", 5),
        ("from=2026031", 0),
        ("to=2026030", 5),
        ("to=20260", 5),
    ):
        assert len(lines(server, f"url={SITE}/often&{bounds}")) == found, bounds
    assert lines(server, f"url={SITE}/often&sort=closest&closest=2026030413&limit=2&{text}") == [
        "20260304120000",
        "20260305120000",
    ]
    found = lines(
        server,
        "url=portal.test/*&filter=mimetype:text/html&filter=!=status:200&fl=original&output=text",
    )
    assert found == [f"{SITE}/missing"]
    told = [json.loads(line) for line in lines(server, f"url={SITE}/page&output=json")]
    assert [(one["urlkey"], one["status"], one["mime"]) for one in told] == [
        ("test,portal)/page", "200", "text/html")
    ]
    assert lines(server, f"url={SITE}/never") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "url=x&limit=few",
        "url=x&sort=closest&closest=2026023",
        "url=x&filter=nonsense",
        "url=x&filter=nofield:1",
        "url=x&from=yesterday",
        "url=x&output=xml",
        "url=x&filter=url:(",
    ],
)
def test_a_wrong_parameter_is_named(server: Server, query: str) -> None:
    got = server.get(f"/cdx?{query}")
    assert got.status == 400
    assert len(got.text.splitlines()) == 1


def test_what_was_never_captured_says_so_with_its_neighbours(server: Server) -> None:
    got = server.get(f"/web/{stamp(0)}mp_/{SITE}/pagf")
    assert got.status == 404
    assert "never captured" in got.text
    assert f'href="/web/{stamp(0)}/{SITE}/page"' in got.text


def test_another_name_is_refused(server: Server) -> None:
    assert server.get("/", host="evil.example").status == 421
    assert server.get("/", host=f"localhost:{server.port}").status == 200
    assert server.get("/", host=f"[::1]:{server.port}").status == 200


def test_only_reading_is_allowed(server: Server) -> None:
    assert server.get("/cdx?url=x", "POST").status == 405


def test_a_portals_replay_shows_that_portal_alone(archive: Path) -> None:
    with replaying(archive, portal="other") as server:
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/page").status == 404
        assert server.get("/cdx?url=*.portal.test").text == ""
    with replaying(archive, portal="demo") as server:
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/page").status == 200


def test_an_excluded_address_says_why(archive: Path) -> None:
    def excluded(url: str, captured: object, portal: str) -> str | None:
        return "taken down on 2026-11-01 at the family's wish" if url.endswith("/page") else None

    with replaying(archive, excluded=excluded) as server:
        got = server.get(f"/web/{stamp(0)}mp_/{SITE}/page")
        assert got.status == 451
        assert "taken down on 2026-11-01 at the family&#39;s wish" in got.text
        for path in ("web/*/", "captures?url=", "web/timemap/link/", "cdx?url="):
            got = server.get(f"/{path}{SITE}/page")
            assert (got.status, "taken down on 2026-11-01" in got.text) == (451, True), path
            assert server.get(f"/{path}{SITE}/often").status == 200
        assert "/page " not in server.get("/cdx?url=portal.test/*").text
        assert server.get(f"/cdx?url={SITE}/often&filter==status:500").text == ""
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/often").status == 200


def test_a_portals_exclusion_holds_whatever_its_warc_is_named(tmp_path: Path) -> None:
    def excluded(url: str, captured: object, portal: str) -> str | None:
        return "a court's order" if portal == "demo" else None

    with WarcWriter(tmp_path / "warc", portal="demo", info={"isPartOf": "demo"}) as writer:
        name = writer.write(exchange("/1")).warc
    (tmp_path / "warc" / name).rename(tmp_path / "warc" / "renamed-extract.warc.gz")
    for beside in (tmp_path / "index.cdxj", *(tmp_path / "warc").glob("*.cdxj")):
        beside.unlink()
    with replaying(tmp_path, excluded=excluded) as server:
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/1").status == 451
    with replaying(tmp_path, portal="demo") as server:
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/1").status == 200
    with replaying(tmp_path, portal="other", excluded=excluded) as server:
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/1").status == 404


def test_a_page_is_there_before_its_warc_is_sealed(tmp_path: Path) -> None:
    with (
        WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer,
        replaying(tmp_path) as server,
    ):
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/1").status == 404
        writer.write(exchange("/1", b"<p>first</p>"))
        writer.sync()
        found = _soon(server, "/1")
        assert found == b"<p>first</p>"
        writer.write(exchange("/2", b"<p>second</p>"))
        writer.sync()
        assert _soon(server, "/2") == b"<p>second</p>"
        writer.seal()
        for path in ("/1", "/2"):
            assert server.get(f"/web/{stamp(0)}mp_/{SITE}{path}").status == 200
        assert _soon(server, "/2") == b"<p>second</p>"
        assert len(server.get("/cdx?url=*.portal.test").text.splitlines()) == 2


def _soon(server: Server, path: str) -> bytes:
    for _ in range(30):
        got = server.get(f"/web/{stamp(0)}mp_/{SITE}{path}")
        if got.status == 200:
            return got.body
        time.sleep(0.1)
    raise AssertionError(got)


def test_a_warc_that_was_moved_is_named(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        name = writer.write(exchange("/1")).warc
    (tmp_path / "warc" / name).rename(tmp_path / name)
    with replaying(tmp_path) as server:
        got = server.get(f"/web/{stamp(0)}mp_/{SITE}/1")
        assert got.status == 502
        assert name in got.text
        assert "put it back" in got.text


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        written = writer.write(exchange("/1", b"x" * 5_000))
        writer.write(exchange("/2"))
    path = tmp_path / "warc" / written.warc
    data = bytearray(path.read_bytes())
    data[written.offset + written.length // 2] ^= 0xFF
    path.write_bytes(data)
    with replaying(tmp_path) as server:
        got = server.get(f"/web/{stamp(0)}mp_/{SITE}/1")
        assert got.status == 502
        assert f"{written.warc} at byte {written.offset}" in got.text
        assert server.get(f"/web/{stamp(0)}mp_/{SITE}/2").status == 200


def test_an_original_that_is_gone_is_named(tmp_path: Path) -> None:
    page = exchange("/1", b"<p>page</p>" * 100)
    with (
        RevisitIndex(tmp_path) as revisits,
        WarcWriter(tmp_path / "warc", portal="demo", info={}, revisits=revisits) as writer,
    ):
        first = writer.write(page).warc
        writer.seal()
        writer.write(replace(page, url=f"{SITE}/2", started=START + timedelta(seconds=9)))
    (tmp_path / "warc" / first).unlink()
    with replaying(tmp_path) as server:
        got = server.get(f"/web/{stamp(9)}mp_/{SITE}/2")
        assert got.status == 502
        assert first in got.text


def test_ten_thousand_captures_of_one_address(tmp_path: Path) -> None:
    page = exchange("/1")
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        for number in range(10_000):
            writer.write(replace(page, started=START + timedelta(minutes=number)))
    with replaying(tmp_path) as server:
        assert server.get(f"/web/timemap/link/{SITE}/1").text.count('memento"; datetime') == 10_000
        shown = server.get(f"/web/*/{SITE}/1")
        assert "10,000 captures" in shown.text
        assert len(shown.body) < 300_000
        got = server.get(f"/web/{stamp(60 * 7_000)}mp_/{SITE}/1")
        assert got.headers["content-location"] == f"/web/{stamp(60 * 7_000)}mp_/{SITE}/1"


@pytest.mark.parametrize(
    ("tag", "covers"),
    [
        ('<div id="af-preloader">', True),
        ("<div id=preloader class='spinner'>", True),
        ('<section class="page-loader-wrapper">', True),
        ('<div class="site_preloader" style="top:0">', True),
        ('<body class="has-preloader home">', False),
        ('<body id="preloader">', False),
        ('<div class="with-preloader">', False),
        ('<div class="image-loaders">', False),
        ('<div class="preloaded">', False),
    ],
)
def test_what_only_a_script_takes_away_does_not_cover_the_page(tag: str, covers: bool) -> None:
    replayed = rewrite_page(tag, Links("http://portal.test/a/", "20261101000000"))
    assert ("display:none!important" in replayed) == covers
    assert covers or replayed == tag
