"""Tags as they are replayed; all other characters as they came."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.replay.links import Links
from archive.replay.markup import rewrite_page
from archive.replay.styles import rewrite_style

LINKS = Links("https://khabar.test/a/b", "20261124120000")
IM, CS, MP, WEB = (
    f"/web/20261124120000{mod}/https://khabar.test" for mod in ("im_", "cs_", "mp_", "")
)


@pytest.mark.parametrize(
    ("written", "replayed"),
    [
        ('<a href="c">x</a>', f'<a href="{WEB}/a/c" target="_top">x</a>'),
        ("<a href=#x>x</a>", "<a href=#x>x</a>"),
        ('<a href="mailto:a@b.test">x</a>', '<a href="mailto:a@b.test" target="_top">x</a>'),
        ('<a href="javascript:x()" onclick=y>x</a>', "<a>x</a>"),
        ('<A HREF=/x?a=1&amp;b=2 target=_blank>', f'<a href="{WEB}/x?a=1&amp;b=2" target="_top">'),
        ('<img src="//cdn.test/x.png" alt="a > b">',
         '<img src="/web/20261124120000im_/https://cdn.test/x.png" alt="a &gt; b">'),
        ('<img src="data:image/png;base64,AA==">', '<img src="data:image/png;base64,AA==">'),
        ('<img src="data:," data-src="/x.jpg" class="lazyload big">',
         f'<img src="{IM}/x.jpg" data-src="/x.jpg" class="lazyloaded big">'),
        ('<img srcset="/a,b.png 1x, /c.png 2x">', f'<img srcset="{IM}/a,b.png 1x, {IM}/c.png 2x">'),
        ('<img data-src="/x.jpg"><noscript><img src="/x.jpg"></noscript>y',
         f'<img data-src="/x.jpg" src="{IM}/x.jpg">y'),
        ('<noscript><img src="/x.jpg"></noscript>', f'<noscript><img src="{IM}/x.jpg"></noscript>'),
        ('<base href="https://other.test/z/"><img src="y.png">',
         '<img src="/web/20261124120000im_/https://other.test/z/y.png">'),
        ('<link rel="stylesheet" href="/s.css" integrity="sha256-x" crossorigin>',
         f'<link rel="stylesheet" href="{CS}/s.css">'),
        ('<link rel=preload as=style href=/s.css onload="this.rel=\'stylesheet\'">',
         f'<link rel="stylesheet" href="{CS}/s.css">'),
        ('<link rel="dns-prefetch" href="//x.test"><link rel=preconnect href=//x>', ""),
        ('<meta http-equiv=refresh content="0;url=/x"><meta charset=utf-8>', "<meta charset=utf-8>"),
        ("<script>document.write('<img src=/x>')</script >y", "y"),
        ("<script>a</scripty></script>b<script>c", "b"),
        ('<style>a { background: url("/x.png") }</style>',
         f'<style>a {{ background: url("{IM}/x.png") }}</style>'),
        ("<p style=\"background:url('/x.png')\">",
         f'<p style="background:url(&#x27;{IM}/x.png&#x27;)">'),
        ('<iframe src="/x"></iframe>', f'<iframe src="{MP}/x"></iframe>'),
        ('<iframe srcdoc="&lt;img src=/x&gt;"></iframe>',
         f'<iframe srcdoc="&lt;img src=&quot;{IM}/x&quot;&gt;"></iframe>'),
        ('<form action="/send"><button formaction=/x>', "<form><button>"),
        ("<textarea><img src=/x></textarea>", "<textarea><img src=/x></textarea>"),
        ("<title>a <img src=/x></title>", "<title>a <img src=/x></title>"),
        ("<!-- <img src=/x> -->", "<!-- <img src=/x> -->"),
        ('<p title="<img src=/x>">', '<p title="<img src=/x>">'),
        ('<svg viewBox="0 0 1 1"><use xlink:href="/i.svg#a"/></svg>',
         f'<svg viewBox="0 0 1 1"><use xlink:href="{IM}/i.svg#a" /></svg>'),
        ('<svg><a xlink:href="https://live.test/" target=_blank>',
         '<svg><a xlink:href="/web/20261124120000/https://live.test/" target="_top">'),
        ('<svg><a xlink:href="#part">', '<svg><a xlink:href="#part">'),
        ('<base href="http://["><img src="/x.png">', f'<img src="{IM}/x.png">'),
        ("a < b &amp; c &nbsp;<br/>", "a < b &amp; c &nbsp;<br/>"),
    ],
)  # fmt: skip
def test_a_tag(written: str, replayed: str) -> None:
    assert rewrite_page(written, LINKS) == replayed


@pytest.mark.parametrize(
    ("written", "replayed"),
    [
        ("a{b:url(x.png)}", f"a{{b:url({IM}/a/x.png)}}"),
        ("a{b:url( 'x y.png' )}", f"a{{b:url( '{IM}/a/x%20y.png' )}}"),
        ("@import 'x.css' print;", f"@import '{CS}/a/x.css' print;"),
        ("@import url(x.css);", f"@import url({CS}/a/x.css);"),
        ("/* url(x.png) */", "/* url(x.png) */"),
        ("a{b:url(#c)}", "a{b:url(#c)}"),
        ("a{b:url(data:x)}", "a{b:url(data:x)}"),
        ("a{b:image-set('x.png' 1x, url(y.png) 2x)}",
         f"a{{b:image-set('{IM}/a/x.png' 1x, url({IM}/a/y.png) 2x)}}"),
        ("a{b:url(file:///etc/passwd)}", "a{b:url(about:blank)}"),
        (r"a{b:url(x\28 1\29.png)}", f"a{{b:url({IM}/a/x%281%29.png)}}"),
    ],
)  # fmt: skip
def test_a_style(written: str, replayed: str) -> None:
    assert rewrite_style(written, LINKS) == replayed


@given(st.text(alphabet=st.characters(exclude_characters="<"), max_size=200))
def test_text_without_a_tag_is_untouched(text: str) -> None:
    assert rewrite_page(text, LINKS) == text


@given(st.text("<>ab=\"'/ !-\n", max_size=80))
def test_no_markup_is_too_broken(text: str) -> None:
    rewrite_page(text, LINKS)


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<a b=\"", "<!--", "<noscript>", "<script>", "<style>", "<p a='\" ", "<a href=x\"'>", "<img data-src=x><noscript><img src=x"],
)  # fmt: skip
def test_time_is_linear_in_what_a_hostile_page_repeats(piece: str) -> None:
    def seconds(times: int) -> float:
        start = time.process_time()
        rewrite_page(piece * times, LINKS)
        return time.process_time() - start

    small = max(min(seconds(2_000) for _ in range(3)), 0.002)
    assert seconds(40_000) < small * 20 * 4  # quadratic would be 400 times


@pytest.mark.parametrize(
    "piece", ["url(", "@import ", "image-set(", "'", "/*", "url('a", "image-set((("]
)
def test_time_is_linear_in_what_a_hostile_style_sheet_repeats(piece: str) -> None:
    def seconds(times: int) -> float:
        start = time.process_time()
        rewrite_style(piece * times, LINKS)
        return time.process_time() - start

    small = max(min(seconds(2_000) for _ in range(3)), 0.002)
    assert seconds(40_000) < small * 20 * 4
