"""What decides a body, one fact a test."""

from __future__ import annotations

import json
from urllib.parse import urldefrag, urljoin

import pytest

from archive.article import Article
from archive.extract import read_page
from archive.extract.read import explain_page
from archive.links.page import read_links

URL = "https://e.example/2026/11/story/"
A = "शिमला में शनिवार देर रात हुई भारी बारिश से चार सड़कें धंस गईं और यातायात कई घंटे बंद रहा।"
B = "लोक निर्माण विभाग ने मंगलवार तक मार्ग बहाल करने का दावा किया है और मशीनें भेजी हैं।"
C = "उपायुक्त ने अधिकारियों को प्रभावित परिवारों की सूची बनाने के निर्देश दिए हैं।"


def read(body: str, head: str = "", url: str = URL) -> Article:
    page = f"<html><head>{head}</head><body>{body}</body></html>".encode()
    article = read_page(page, url=url)
    assert article is not None
    return article


def reasons(body: str) -> dict[str, str]:
    reading = explain_page(f"<html><body>{body}</body></html>".encode(), url=URL)
    assert reading is not None
    assert reading.page is not None
    return {choice.line.text: choice.why for choice in reading.page.choices}


def test_a_name_is_not_believed_of_the_box_that_holds_the_story() -> None:
    text = read(f'<div class="related-wrapper sidebar"><p>{A}</p><p>{B}</p><p>{C}</p></div>').text
    assert text.splitlines() == [A, B, C]


def test_comments_are_out_even_where_they_are_longer_than_the_story() -> None:
    comments = "".join(f'<li class="comment"><p>{B} {number}</p></li>' for number in range(20))
    text = read(
        f'<article><h1>x</h1><p>{A}</p></article><ol class="comment-list">{comments}</ol>'
    ).text
    assert text == A


def test_a_label_does_not_take_what_stands_before_it() -> None:
    links = "".join(f'<p><a href="/2026/11/other-{n}/">{B[:40]} {n}</a></p>' for n in range(3))
    assert read(f"<div><p>{A}</p><p>{C}</p><h3>यह भी पढ़ें</h3>{links}</div>").text.splitlines() == [
        A,
        C,
    ]


def test_a_subhead_of_one_labelling_word_stays() -> None:
    assert "Related" in read(f"<div><p>{A}</p><h2>Related</h2><p>{B}</p></div>").text


def test_a_list_of_links_goes_and_a_list_with_text_stays() -> None:
    links = "".join(f'<li><a href="/s/{n}">{B[:30]} {n}</a></li>' for n in range(3))
    text = "".join(f"<li>सड़क {n}: <a href='/s/{n}'>नक्शा</a>, बंद</li>" for n in range(3))
    lines = read(f"<div><p>{A}</p><ul>{links}</ul><p>{B}</p><ul>{text}</ul><p>{C}</p></div>").text
    assert lines.splitlines() == [A, B, *(f"सड़क {n}: नक्शा, बंद" for n in range(3)), C]


def test_paragraphs_parted_by_br_are_lines() -> None:
    assert read(f"<div>{A}<br><br>{B}<br/>{C}</div>").text.splitlines() == [A, B, C]


def test_a_paragraph_set_as_a_heading_is_a_paragraph() -> None:
    long = f"{A} {B}"
    assert read(f"<div><h3>{long}</h3><h3>{C} {A}</h3></div>").text.splitlines() == [
        long,
        f"{C} {A}",
    ]


def test_a_pull_quote_is_said_once() -> None:
    quote = B[:60]
    text = read(f"<div><p>{A}</p><blockquote>{quote}</blockquote><p>{B}</p><p>{C}</p></div>").text
    assert text.splitlines() == [A, B, C]


def test_a_biography_after_the_story_is_the_authors() -> None:
    head = '<meta name="author" content="राकेश शर्मा">'
    story = f"<div><p>{A}</p><p>{B}</p></div><div><h4>राकेश शर्मा</h4><p>पंद्रह साल से पहाड़ की खबरें लिख रहे हैं।</p></div>"
    assert read(story, head).text.splitlines() == [A, B]


def test_every_line_has_a_reason() -> None:
    told = reasons(
        f'<nav><a href="/">होम</a></nav><h1>सड़कें धंसीं</h1><p>{A}</p><p>* * *</p>'
        f"<p>हमें Google News पर फॉलो करें</p><p>विज्ञापन</p><figure><figcaption>मलबा</figcaption></figure><p>{B}</p>"
    )
    assert told == {
        "होम": "navigation: <nav>",
        "सड़कें धंसीं": "headline",
        A: "prose",
        "* * *": "no words",
        "हमें Google News पर फॉलो करें": "call",
        "विज्ञापन": "stray",
        "मलबा": "caption",
        B: "prose",
    }


def test_a_body_that_only_json_ld_holds_is_read_from_there() -> None:
    whole = " ".join([A, B, C] * 4)
    data = json.dumps({"@type": "NewsArticle", "articleBody": f"{whole}\n\n{C}"})
    article = read(
        f"<div id=app><p>{A[:40]}</p></div>", f'<script type="application/ld+json">{data}</script>'
    )
    assert article.text == f"{whole}\n{C}"
    assert article.rules["text"] == "json-ld"


def test_the_pages_own_body_is_preferred_to_json_ld() -> None:
    data = json.dumps({"@type": "NewsArticle", "articleBody": " ".join([A, B, C] * 2)})
    article = read(
        f"<div><p>{A}</p><p>{B}</p><p>{C}</p></div>",
        f'<script type="application/ld+json">{data}</script>',
    )
    assert article.text.splitlines() == [A, B, C]


def test_a_closed_storys_teaser_is_locked_and_a_whole_one_is_not() -> None:
    closed = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
    assert read(f"<div><p>{A}</p></div>", closed).page_type == "locked"
    assert (
        read(f"<div>{''.join(f'<p>{A} {n}</p>' for n in range(12))}</div>", closed).page_type
        == "story"
    )


def test_the_dateline_is_named_below_a_deck() -> None:
    head = f'<meta name="description" content="{C}">'
    article = read(
        f'<h1>सड़कें धंसीं</h1><p class="standfirst">{C}</p><div><p>सोलन, 12 दिसंबर (ब्यूरो): {A}</p><p>{B}</p></div>',
        head,
    )
    assert article.text.splitlines()[0] == C
    assert article.dateline == "सोलन"


@pytest.mark.parametrize(
    ("markup", "kind", "address"),
    [
        ('<link rel="canonical" href="/c/">', "canonical", "/c/"),
        ('<link rel="amphtml" href="/amp/">', "amp", "/amp/"),
        ('<link rel="alternate" hreflang="en" href="/en/">', "alternate", "/en/"),
        ('<link rel="alternate" type="application/atom+xml" href="/atom">', "feed", "/atom"),
        ('<link rel="sitemap" href="/sitemap.xml">', "sitemap", "/sitemap.xml"),
        ('<link rel="next" href="/news/page/3/">', "pagination", "/news/page/3/"),
        ('<link rel="prev" href="/2026/11/older/">', "adjacent", "/2026/11/older/"),
        ('<a href="/category/sports/">खेल</a>', "section", "/category/sports/"),
        ('<a href="?paged=4">4</a>', "pagination", "/2026/11/story/?paged=4"),
    ],
)
def test_a_link_is_what_its_markup_says(markup: str, kind: str, address: str) -> None:
    page = f"<html><head>{markup}</head><body><div><p>{A}</p><p>{B}</p></div></body></html>"
    [link] = read_links(page.encode(), url=URL)
    assert (link.kind, link.url) == (kind, f"https://e.example{address}")


def test_a_link_is_kept_as_it_stands() -> None:
    decomposed = "/2026/11/%E0%A4%95%E0%A4%BC/?x=क\u093c"
    page = f'<body><div><p>{A} <a href="{decomposed}#top">यहां</a> {B}</p></div></body>'
    [link] = read_links(page.encode(), url=URL)
    assert link.url == f"https://e.example{decomposed}"
    assert (link.kind, link.text) == ("body", "यहां")


@pytest.mark.parametrize(
    "address",
    ["/a/b#c", "/a/../b", "//cdn.example/x", "/?x=1", "?x=2", "https://e.example/a/./b", "https://E.example/A?b=/c/../d",
     "/a/.well-known/x", "story-2/", "/", "#top", "/a?next=/../b", "http://e.example:8080/x", "/क/ख"],
)  # fmt: skip
def test_the_quick_way_to_an_address_is_the_right_way(address: str) -> None:
    page = f'<body><a href="{address}">x</a></body>'.encode()
    found = [link.url for link in read_links(page, url=URL)]
    expected = [] if address.startswith("#") else [urldefrag(urljoin(URL, address)).url]
    assert found == expected


def test_a_load_more_link_leads_to_the_next_page() -> None:
    page = '<body class="category"><div><a class="btn load-more" href="/news/more?from=40">और देखें</a></div></body>'
    [link] = read_links(page.encode(), url="https://e.example/category/news/")
    assert link.kind == "pagination"
