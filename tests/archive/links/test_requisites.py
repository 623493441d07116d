"""What a page and a stylesheet need, in all the ways that themes write it."""

from __future__ import annotations

import pytest

from archive.links.requisites import MOST, read_requisites

URL = "https://khabar.test/shimla/1/"
HTML = "text/html; charset=utf-8"


def of(html: str, *, head: str = '<link rel="icon" href="data:,">') -> list[str]:
    page = f"<html><head>{head}</head><body><p>नमस्ते</p>{html}</body></html>".encode()
    found = read_requisites(page, url=URL, content_type=HTML)
    return [address.removeprefix("https://khabar.test") for address in found]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<img src="/a.jpg">', ["/a.jpg"]),
        ('<img src="a.jpg#x">', ["/shimla/1/a.jpg"]),
        ('<img src="//cdn.test/a.jpg">', ["https://cdn.test/a.jpg"]),
        ('<img srcset="/s.jpg 300w, /b,c.jpg 2x">', ["/s.jpg", "/b,c.jpg"]),
        ('<img src="data:image/gif;base64,R0" data-src="/lazy.jpg">', ["/lazy.jpg"]),
        ('<img data-lazy-src="/l.jpg" data-srcset="/m.jpg 2x">', ["/l.jpg", "/m.jpg"]),
        ('<picture><source srcset="/a.webp"><img src="/a.jpg"></picture>', ["/a.webp", "/a.jpg"]),
        ('<noscript><img src="/n.jpg"></noscript>', ["/n.jpg"]),
        ('<video poster="/p.jpg" src="/v.mp4"><source src="/v.webm"></video>', ["/p.jpg"]),
        ("<div style=\"background: url('/b.jpg') center\">x</div>", ["/b.jpg"]),
        ('<div data-bg="url(/d.jpg)">x</div>', ["/d.jpg"]),
        ('<td background="/t.gif">x</td>', ["/t.gif"]),
        ('<script src="/s.js"></script>', ["/s.js"]),
        ("<script>var url = '/no.js'</script>", []),
        ('<style>@import "/i.css"; @font-face{src:url(/f.woff2)}</style>', ["/i.css", "/f.woff2"]),
        ('<svg><image href="/i.png"/><use xlink:href="/u.svg#x"/></svg>', ["/i.png", "/u.svg"]),
        ('<input type="image" src="/go.png"><input type="text" src="/no.png">', ["/go.png"]),
        ('<iframe src="/frame.html"></iframe><a href="/a.jpg">x</a>', []),
        ('<img src="javascript:x"><img src=""><img src="http://[bad"><img src="ftp://a/b">', []),
        ('<img src="/चित्र.jpg">', ["/चित्र.jpg"]),
    ],
)
def test_a_page(html: str, found: list[str]) -> None:
    assert of(html) == found


def test_the_head() -> None:
    head = (
        '<base href="/base/"><link rel="stylesheet" href="s.css"><link rel="Shortcut Icon" '
        'href="/i.ico"><link rel="preload" as="font" href="/f.woff2"><link rel="preload" '
        'as="fetch" href="/no.json"><link rel="canonical" href="/no"><link rel="alternate '
        'stylesheet" href="/alt.css">'
    )
    assert of("", head=head) == ["/base/s.css", "/i.ico", "/f.woff2", "/alt.css"]


def test_the_icon_that_browsers_ask_for_anyway() -> None:
    assert of("", head="<title>x</title>") == ["/favicon.ico"]


def test_a_stylesheet() -> None:
    css = b"""@charset "utf-8"; @import url("a.css") screen; @import 'b.css';
    /* url(no.png) */ .x { background: URL( "c.png" ), url(d\\29 .png); content: "url(no.png)" }
    @media print { .y { background-image: -webkit-image-set(url(e.png) 1x, "f.png" 2x) } }
    @font-face { src: url(data:font/woff2;base64,x), url(../g.woff2?#iefix) format("woff2") }"""
    found = read_requisites(css, url="https://cdn.test/css/s.css", content_type="text/css")
    names = [
        "css/a.css",
        "css/b.css",
        "css/c.png",
        "css/d).png",
        "css/e.png",
        "css/f.png",
        "g.woff2?",
    ]
    assert {one.removesuffix("?") for one in found} == {
        f"https://cdn.test/{name}".removesuffix("?") for name in names
    }


@pytest.mark.parametrize("payload", [b"", b"\0\0", b"@import", b"url(", b"{" * 5_000, b"<" * 9_999])
@pytest.mark.parametrize("media", ["text/css", HTML, "image/png", ""])
def test_anything_is_survived(payload: bytes, media: str) -> None:
    assert isinstance(read_requisites(payload, url=URL, content_type=media), tuple)


def test_a_page_without_end_is_bounded() -> None:
    assert len(of("".join(f'<img src="/{n}.jpg">' for n in range(MOST * 2)))) == MOST
