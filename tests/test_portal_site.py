"""The demo portal is what its truth says, and misbehaves only where it is asked to."""

from __future__ import annotations

import http.client
import re
import socket
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from urllib.parse import urljoin, urlsplit

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from archive.links.requisites import read_requisites
from tests.portal_site import PortalSite, Reach, odd


@pytest.fixture(scope="module")
def site() -> Iterator[PortalSite]:
    with PortalSite(rest=True) as running:
        yield running


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body; redirects are followed."""
    wanted = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=wanted), timeout=10) as got:
            return got.status, dict(got.headers), got.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def text(url: str) -> str:
    return get(url)[2].decode()


def hrefs(url: str) -> set[str]:
    return {
        urljoin(url, unescape(href)) for href in re.findall(r'<a [^>]*?href="([^"]+)"', text(url))
    }


def only(site: PortalSite, way: Reach) -> set[str]:
    return {story.url for story in site.articles if story.reach is way}


def locations(xml: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(xml).iter() if node.tag.endswith("}loc")]


def test_the_same_seed_gives_the_same_portal(site: PortalSite) -> None:
    with PortalSite(rest=True) as again:
        first = [
            (s.path, s.title, s.paragraphs, s.published, s.more_stories) for s in site.articles
        ]
        second = [
            (s.path, s.title, s.paragraphs, s.published, s.more_stories) for s in again.articles
        ]
    assert first == second
    with PortalSite(seed="another") as other:
        assert {s.title for s in other.articles}.isdisjoint([s.title for s in site.articles[:5]])


def test_there_are_three_hundred_stories_and_no_two_alike(site: PortalSite) -> None:
    stories = site.articles
    assert len(stories) == 320
    for field in ("path", "title", "paragraphs", "published"):
        assert len({getattr(story, field) for story in stories}) == 320, field
    full = [story for story in stories if len(story.paragraphs) >= 4]
    assert len(full) > 220
    assert any(len(story.paragraphs) == 1 for story in stories)
    assert len({story.author for story in stories}) >= 6


def test_every_story_is_served_with_its_whole_text(site: PortalSite) -> None:
    for story in site.articles:
        status, headers, body = get(story.url)
        page = body.decode()
        for number in range(2, story.pages + 1):
            page += text(f"{story.url}{number}/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
        plain = unescape(re.sub(r"<[^>]+>", "", page))
        assert all(paragraph in plain for paragraph in story.paragraphs), story.url
        assert story.title in plain
        assert story.author in plain


def test_more_stories_are_the_three_that_the_truth_names(site: PortalSite) -> None:
    for story in site.articles[:40]:
        block = (
            text(story.url)
            .split("More Stories")[1]
            .split("</article>")[0]
            .split("comments-area")[0]
        )
        shown = re.findall(r'<h3[^>]*><a href="([^"]+)"', block)
        assert shown == [site.room.stories[number].url for number in story.more_stories]
        assert len(set(shown)) == 3
        assert story.url not in shown


@pytest.mark.parametrize("way", [way for way in Reach if way is not Reach.EVERYWHERE])
def test_some_stories_have_one_way_in_only(site: PortalSite, way: Reach) -> None:
    hidden = only(site, way)
    assert hidden
    found = {other: hidden & urls for other, urls in _ways(site).items()}
    assert found.pop(way) == hidden
    assert not any(found.values()), found


def _ways(site: PortalSite) -> dict[Reach, set[str]]:
    """Collect what each way shows of the whole portal."""
    home = site.url
    feed = "".join(text(f"{home}feed/?paged={n}") for n in range(1, 40))
    index = locations(text(f"{home}wp-sitemap.xml"))
    maps = [u for part in index if "toota" not in part for u in locations(text(part))]
    rest = text(f"{home}wp-json/wp/v2/posts?per_page=100&page=1")
    listings = set()
    for slug in {story.section_slug for story in site.articles}:
        for page in range(1, 12):
            listings |= hrefs(f"{home}category/{slug}/page/{page}/")
    more, adjacent, body = set(), set(), set()
    for story in site.articles:
        page = text(story.url)
        more |= set(re.findall(r'<h3[^>]*><a href="([^"]+)"', page))
        adjacent |= set(re.findall(r'href="([^"]+)" rel="(?:prev|next)"', page))
        body |= set(re.findall(r'<p>[^<]+<a href="([^"]+)"', page))
    assert rest.count('"link"') == 100
    return {
        Reach.FEED: set(re.findall(r"<link>([^<]+)</link>", feed)),
        Reach.SITEMAP: set(maps),
        Reach.PAGINATION: listings,
        Reach.MORE_STORIES: more,
        Reach.ADJACENT: adjacent,
        Reach.BODY: body,
    }


def test_a_page_brings_all_that_it_shows(site: PortalSite) -> None:
    page = site.articles[0].url
    waiting, kinds = list(read_requisites(get(page)[2], url=page, content_type="text/html")), set()
    for url in waiting:
        status, headers, body = get(url)
        assert (status, len(body) > 50) == (200, True), url
        kinds.add(headers["Content-Type"])
        waiting += read_requisites(body, url=url, content_type=headers["Content-Type"])
    assert kinds == {"text/css", "text/javascript", "image/png", "font/woff2"}
    assert len({urlsplit(url).hostname for url in waiting}) == 2
    assert Image.open(BytesIO(get(site.url + "favicon.ico")[2])).size == (32, 32)
    (font,) = (url for url in waiting if url.endswith(".woff2"))
    assert TTFont(BytesIO(get(font)[2])).getBestCmap() == {0xF017: "clock", 0xF2BD: "person"}


def test_feeds_are_conditional_as_wordpress_behind_nginx(site: PortalSite) -> None:
    feed = site.url + "feed/"
    status, headers, body = get(feed)
    assert ET.fromstring(body).findtext("channel/title") == "हिम संवाद"
    tag, date = headers["ETag"], headers["Last-Modified"]
    assert get(feed, If_None_Match=tag)[0] == 304
    assert get(feed, If_Modified_Since=date)[0] == 304
    packed = get(feed, Accept_Encoding="gzip")[1]
    assert packed["ETag"] == f"W/{tag}"
    assert get(feed, If_None_Match=packed["ETag"], If_Modified_Since=date)[0] == 200
    assert status == 200


def test_an_editor_can_change_the_portal(site: PortalSite) -> None:
    with PortalSite(40) as changing:
        one, two, three = changing.articles[10:13]
        assert "नई पंक्ति" not in text(one.url)
        assert changing.edit(one.slug, paragraph="नई पंक्ति").modified > one.modified
        assert "नई पंक्ति" in text(one.url)
        changing.delete(two.slug)
        assert get(two.url)[0] == 410
        moved = changing.move(three.slug)
        with urllib.request.urlopen(three.url, timeout=5) as landed:
            assert landed.url == moved.url != three.url
        added = changing.add()
        assert added.title in text(changing.url)
        assert added in changing.articles
        assert len(changing.articles) == 40


def test_broken_pages_are_broken_as_named(site: PortalSite) -> None:
    bad = site.broken
    assert get(bad["failing"])[0] == 500
    assert get(bad["empty"])[2] == b""
    assert get(bad["absent"])[0] == 404
    assert get(bad["old_address"])[0] == 200
    with pytest.raises(http.client.IncompleteRead):
        get(bad["truncated"])
    with pytest.raises(ET.ParseError):
        ET.fromstring(text(bad["broken_sitemap"]))
    assert "windows-1252" in get(bad["wrong_charset"])[1]["Content-Type"]
    assert text(bad["hostile"]).count("<table>") == 2_000
    linked = {
        urljoin(site.url, path) for path in re.findall(r'href="(/2026/[^"]+)"', text(site.url))
    }
    assert set(bad.values()) - {bad["broken_sitemap"]} <= linked


def test_unknown_paths_can_answer_softly() -> None:
    with PortalSite(40, soft_404=True) as soft:
        assert get(soft.url + "kuchh-bhi")[0] == 200
    with PortalSite(40) as firm:
        assert get(firm.url + "kuchh-bhi")[0] == 404


def raw(site: PortalSite, path: str, limit: int = 1 << 16) -> bytes:
    """Return the first bytes of what the server writes."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        got = bytearray()
        try:
            while len(got) < limit and (piece := connection.recv(1 << 16)):
                got += piece
        except ConnectionResetError:
            got += b"<reset>"
        return bytes(got)


def test_misbehaviour_comes_on_request(site: PortalSite) -> None:
    path = urlsplit(site.articles[3].url).path
    site.misbehave(path, "503", times=2)
    assert [get(site.url + path[1:])[0] for _ in range(3)] == [503, 503, 200]
    assert b"Retry-After: 2" in raw(site, "/odd/429/")
    assert raw(site, "/odd/reset/").endswith(b"<reset>")
    assert raw(site, "/odd/close/") == b""
    assert len(raw(site, "/odd/short/")) < 1000
    assert b"Location: /odd/loop/" in raw(site, "/odd/loop/")
    assert len(raw(site, "/odd/huge_robots/", 58 << 20)) > 57 << 20
    with pytest.raises(KeyError, match="is none of"):
        site.misbehave(path, "polite")
    assert set(odd.ACTS) >= {"slow", "hang", "drip", "gzip_bomb", "many_links"}


def test_it_says_what_it_was_asked(site: PortalSite) -> None:
    before, start = len(site.asked), time.time()
    get(site.url + "robots.txt?x=1", User_Agent="tester/1")
    (request,) = site.asked[before:]
    assert (request.method, request.target, request.status) == ("GET", "/robots.txt?x=1", 200)
    assert request.agent == "tester/1"
    assert start <= request.at <= time.time()


def test_it_is_fast_enough_not_to_be_what_is_measured(site: PortalSite) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    rounds = []
    for _ in range(3):  # the first makes the pages; the machine may be busy in one of the others
        start = time.perf_counter()
        for story in site.articles:
            connection.request("GET", story.path)
            connection.getresponse().read()
        rounds.append(time.perf_counter() - start)
    connection.close()
    assert len(site.articles) / min(rounds) > 500
