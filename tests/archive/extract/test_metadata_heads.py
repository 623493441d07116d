"""Heads of stories as Hindi portals print them, without a machine-readable word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import html

from archive.extract.clock import local_day
from archive.extract.metadata import Metadata, read_metadata
from archive.portal import Portal

TITLE = "बारिश का दौर जारी, शिमला में सड़कें बंद"
H1 = f"<h1>{TITLE}</h1>"
BODY = f"<p>{'शिमला। प्रदेश में बारिश का दौर जारी है और लोगों को परेशानी हो रही है। ' * 8}</p>"


def read(content: str) -> Metadata:
    page = (
        f'<html lang="hi"><head><title>{TITLE} - देव न्यूज़</title></head><body><div class="page">'
        f'<div class="content">{content}{BODY}</div></div></body></html>'
    )
    return read_metadata(
        html.document_fromstring(page),
        url="https://dev.example/news/rain-123",
        captured=datetime(2024, 12, 14, 6, tzinfo=UTC),
        portal=Portal(timezone="Asia/Kolkata", language="hi"),
    )


def day(found: Metadata) -> str:
    return "" if found.published is None else local_day(found.published, "Asia/Kolkata").isoformat()


@pytest.mark.parametrize(
    ("content", "authors", "published"),
    [
        (H1 + '<div class="a1"><span>शिमला</span><span>3 घंटे पहले</span></div><div>लेखक: राकेश शर्मा</div>',
         ("राकेश शर्मा",), "2024-12-14"),
        (H1 + '<div class="auther-time"><span class="auth">न्यूज डेस्क, शिमला</span> Published by: '
         '<a href="/author/rakesh">राकेश शर्मा</a> Updated Fri, 13 Dec 2024 10:15 AM IST</div>',
         ("राकेश शर्मा",), "2024-12-13"),
        (H1 + "<div><span>By Desk News</span><span>Edited By: Rakesh Sharma</span>"
         "<span>Updated: Fri, 13 Dec 2024 09:37 PM (IST)</span></div>",
         ("Desk News", "Rakesh Sharma"), "2024-12-13"),
        (H1 + "<div>Edited By <a href='/writer/x'>Rakesh</a>,Updated: 13 Dec, 2024 10:15 AM</div>",
         ("Rakesh",), "2024-12-13"),
        (H1 + '<nav class="pst-by"><span>Reported by: <a>राकेश शर्मा</a>, Edited by: <a>अनिल डोगरा</a></span> '
         "<span>दिसंबर 13, 2024 10:15 am IST</span></nav>",
         ("राकेश शर्मा", "अनिल डोगरा"), "2024-12-13"),
        (H1 + '<div class="td-post-author-name">द्वारा <a>राकेश शर्मा</a> - </div>'
         '<span class="td-post-date">१३ दिसम्बर २०२४</span>',
         ("राकेश शर्मा",), "2024-12-13"),
        (f'<h3 class="post-title">{TITLE}</h3><span class="post-author vcard">द्वारा <span class="fn">राकेश शर्मा'
         '</span></span><a><abbr class="published" title="2024-12-13T10:15:00+05:30">10:15 am</abbr></a>',
         ("राकेश शर्मा",), "2024-12-13"),
        (H1 + "<p>भाषा | Updated: December 13, 2024, 10:15 IST</p>", ("भाषा",), "2024-12-13"),
        (H1 + '<div class="byline">एएनआई, नई दिल्ली</div><div>Publish Date: 13/12/2024 | 10:15 PM</div>',
         ("एएनआई",), "2024-12-13"),
        (H1 + '<div><span class="author">by <a href="/author/admin/">Admin</a></span> <span>October 12, 2024</span></div>',
         ("Admin",), "2024-10-12"),
        ('<div><span class="time">13 दिसंबर 2024 | 10:15 AM</span>' + H1 + "</div><div>By राकेश शर्मा</div>",
         ("राकेश शर्मा",), "2024-12-13"),
        (H1 + BODY + '<div class="pub">First Published : 13 Dec 2024, 10:15:20 AM</div>', (), "2024-12-13"),
        (H1 + "<span>13 दिसंबर, 2024 को 8:05 अपराह्न</span> <span>अनिल ठाकुर</span>",
         ("अनिल ठाकुर",), "2024-12-13"),
        ('<div class="elementor-widget"><div class="elementor-widget-container">' + H1 + "</div></div>"
         '<div class="elementor-widget elementor-widget-post-info"><ul><li itemprop="author"><span>राकेश शर्मा</span></li>'
         '<li itemprop="datePublished"><time>दिसम्बर 13, 2024</time></li></ul></div>',
         ("राकेश शर्मा",), "2024-12-13"),
        ("<table><tr><td>" + H1 + "</td></tr><tr><td>शुभा चक्रवर्ती / नई दिल्ली&nbsp;December  13, 2024</td></tr></table>",
         ("शुभा चक्रवर्ती",), "2024-12-13"),
        (H1 + "<div>नई दिल्ली, 13 दिसंबर 2024</div>", (), "2024-12-13"),
    ],
)  # fmt: skip
def test_a_printed_head_is_read(content: str, authors: tuple[str, ...], published: str) -> None:
    found = read(content)
    assert found.authors == authors
    assert day(found) == published
    assert found.title == TITLE


@pytest.mark.parametrize(
    "content",
    [
        # A comment's, a teaser card's and a quoted post's date and name; the site's clock.
        H1 + BODY + '<div id="comments"><b class="author">सुरेश</b> <time datetime="2024-12-13">x</time></div>',
        H1 + BODY + '<div class="xyz"><article><h3><a href="/a">दूसरी</a></h3><time datetime="2024-12-10">10 दिसंबर '
        '2024</time><span class="author">मोहन लाल</span></article></div>',
        H1 + "<blockquote>— CMO Himachal (@CMOHimachal) December 6, 2024</blockquote>",
        '<div class="hdr"><span>शनिवार, 14 दिसंबर 2024</span></div><div class="main">' + H1 + "</div>",
        H1 + "<p>यह बैठक 6 दिसंबर 2024 को होगी।</p>",
        H1 + '<aside><span class="author">मोहन लाल</span> 10 दिसंबर 2024</aside>',
        H1 + '<div class="related-posts"><div class="entry-meta">10 दिसंबर 2024 <a rel="author">मोहन लाल</a></div></div>',
        H1 + BODY + "<div>Copyright © 2024 देव न्यूज़</div>",
    ],
)  # fmt: skip
def test_nothing_of_others_is_taken(content: str) -> None:
    found = read(content)
    assert found.authors == ()
    assert found.published is None
    assert found.modified is None


def test_published_and_updated_on_one_line_are_told_apart() -> None:
    found = read(H1 + "<div>12 दिसंबर 2024, (अपडेटेड 13 दिसंबर 2024, 10:15 AM IST)</div>")
    assert day(found) == "2024-12-12"
    assert found.modified is not None
    assert local_day(found.modified, "Asia/Kolkata").isoformat() == "2024-12-13"


def test_an_update_alone_is_named_as_such() -> None:
    found = read(H1 + "<div>Updated: 13 Dec 2024 09:37 PM</div>")
    assert found.rules["published"] == "visible:updated"
