"""Pages that break parsers: each is read, or given up in words, within the limits of issue 5."""

from __future__ import annotations

import time

import pytest

from archive.extract import read_page
from archive.links.page import read_links

LINE = "शिमला में शनिवार देर रात हुई बारिश से सड़क धंस गई और यातायात बंद हो गया।"
P = f"<p>{LINE}</p>".encode()
URL = "https://e.example/2026/11/story/"
SECONDS = 5.0


def attributes(count: int) -> bytes:
    return b" ".join(b"a%d=1" % number for number in range(count))


PAGES = {
    "300 nested divs": b"<html><body>" + b"<div>" * 300 + P + b"</div>" * 300,
    "3,000 nested divs": b"<html><body>" + b"<div>" * 3000 + P,
    "100,000 nested divs": b"<html><body>" + b"<div>" * 100_000 + P,
    "500,000 attributes": b"<html><body><p " + attributes(500_000) + b">" + P,
    "200,000 paragraphs": b"<html><body>" + P * 200_000,
    "NUL bytes": b"\0<html>\0<body>\0" + P.replace(b" ", b" \0"),
    "no html element": P,
    "never closed": b"<html><body><div><p>" + P.replace(b"</p>", b""),
    "20,000 labels": b"<html><body>" + b"<h3>More Stories</h3>" * 20_000 + P,
    "60,000 inline elements": b"<html><body><p>" + b"<b>x</b> " * 29_000 + P,
    "one line of 5 MB": b"<html><body><p>" + (LINE + " ").encode() * 26_000,
}


@pytest.mark.parametrize("name", PAGES)
def test_it_is_read_in_time(name: str) -> None:
    began = time.process_time()
    article = read_page(PAGES[name], url=URL)
    assert time.process_time() - began < SECONDS
    assert article is not None
    assert LINE in article.text


@pytest.mark.parametrize("name", PAGES)
def test_its_links_are_read_in_time(name: str) -> None:
    payload = PAGES[name] + b'<a href="/2026/11/other/">x</a>'
    began = time.process_time()
    links = read_links(payload, url=URL)
    assert time.process_time() - began < SECONDS
    assert [link.url for link in links] == ["https://e.example/2026/11/other/"]


def test_what_the_plain_reader_read_says_so() -> None:
    article = read_page(PAGES["200,000 paragraphs"], url=URL)
    assert article is not None
    assert article.reader.endswith(" resiliparse")
    assert article.rules["text"].startswith("resiliparse: 38,")


FRENCH = "Le président a déclaré à l’Assemblée que la réforme était « nécessaire »."


@pytest.mark.parametrize(
    ("declared", "sent", "line"),
    [
        ("iso-8859-1", "utf-8", LINE),
        ("utf-8", "cp1252", FRENCH),
        ("iso-8859-1", "cp1252", FRENCH),
        ("x-unheard-of", "utf-8", LINE),
        (
            "shift_jis",
            "shift_jis",
            "首相は記者会見で、改革が必要だと述べた。予算案は来週提出される。",
        ),
    ],
)
def test_a_charset_may_lie(declared: str, sent: str, line: str) -> None:
    page = f"<html><head><meta charset={declared}></head><body><p>{line}</p></body></html>"
    article = read_page(page.encode(sent), url=URL, content_type=f"text/html; charset={declared}")
    assert article is not None
    assert article.text == line


def test_a_byte_order_mark_wins() -> None:
    page = f"\ufeff<html><head><meta charset=utf-8></head><body><p>{LINE}</p></body></html>"
    for name in ("utf-16-le", "utf-16-be", "utf-8"):
        article = read_page(page.encode(name), url=URL, content_type="text/html; charset=cp1252")
        assert article is not None
        assert article.text == LINE


def test_a_page_that_is_broken_in_one_byte_is_still_utf8() -> None:
    page = b"<html><body>" + P * 3 + b"<p>caf\xe9</p>" + f"<p>{LINE[::-1]}</p>".encode()
    article = read_page(page, url=URL)
    assert article is not None
    assert LINE in article.text


def test_bad_addresses_never_stop_the_links() -> None:
    page = b"""<html><head><base href="http://[bad"></head><body><a href="http://[::1">a</a>
    <a href="javascript:void(0)">b</a><a href="">c</a><a href="//cdn.example/x y">d</a>
    <a href="http://e.example:99999999/">e</a><a href="../../up/../x/#f">g</a><a>h</a></body>"""
    urls = [link.url for link in read_links(page, url="https://e.example/a/b/")]
    assert "https://e.example/x/" in urls
    assert not [url for url in urls if "javascript" in url or "#" in url]
