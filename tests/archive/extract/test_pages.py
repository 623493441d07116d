"""Further pages of a post, and pages that are there only to say that there is none."""

from __future__ import annotations

import pytest

from archive.article import PageType
from archive.extract import read_page

TEXT = "".join(
    f"<p>मंडी जिले के {n} गांवों में सड़क का काम पूरा हुआ और लोगों को राहत मिली है।</p>" for n in range(6)
)


def read(body: str, url: str = "https://a.example/2026/11/slug/", names: str = ""):
    page = f"<html lang='hi'><head><title>शीर्षक</title></head><body class='{names}'>{body}</body></html>"
    article = read_page(page.encode(), url=url, content_type="text/html; charset=utf-8")
    assert article is not None
    return article


@pytest.mark.parametrize(
    "box",
    [
        '<nav class="page-links" aria-label="Page">{}</nav>',
        '<div class="page-links">{}</div>',
        '<p id="pages">{}</p>',
    ],
)
def test_page_links_of_any_theme(box):
    links = '<a href="/2026/11/slug/2/" class="post-page-numbers">2</a> <a href="/2026/11/slug/3/">3</a>'
    article = read(
        f"<article><h1>शीर्षक</h1><div class='entry-content'>{TEXT}{box.format(links)}</div></article>"
    )
    assert article.pages == (
        "https://a.example/2026/11/slug/2/",
        "https://a.example/2026/11/slug/3/",
    )


def test_page_links_of_plain_addresses():
    links = '<div class="page-links"><a href="/?p=7&amp;page=2">2</a><a href="/?p=70">x</a></div>'
    article = read(f"<article><h1>शीर्षक</h1>{TEXT}{links}</article>", "https://a.example/?p=7")
    assert article.pages == ("https://a.example/?p=7&page=2",)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('<section class="error-404 not-found"><h1>पन्ना नहीं मिला</h1><p>माफ कीजिए, आप जो पन्ना ढूंढ रहे हैं वह यहां नहीं है।</p></section>', ""),
        ("<main><h1>पन्ना नहीं मिला</h1><p>माफ कीजिए, आप जो पन्ना ढूंढ रहे हैं वह यहां नहीं है, खोज कर देखिए।</p></main>", "error404 wp-theme"),
    ],
)  # fmt: skip
def test_a_soft_404_is_no_story(body, names):
    assert read(body, names=names).page_type is PageType.OTHER


def test_a_last_page_of_one_short_sentence_is_all_that_it_says():
    story = (
        "<header><a href='/'>हिम संवाद</a></header><main><article class='post'><h1>शीर्षक यह है</h1>"
        "<div class='entry-content'><p>जांच जारी है।</p>"
        "<div class='page-links'>पेज: <a href='/2026/11/slug/'>1</a> <a href='/2026/11/slug/2/'>2</a> 3</div></div>"
        "<footer class='entry-footer'>Posted in <a href='/category/x/'>मंडी</a> by राकेश</footer>"
        "</article></main>"
    )
    article = read(story, "https://a.example/2026/11/slug/3/", "single single-post")
    assert article.text == "जांच जारी है।"
