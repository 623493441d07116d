"""Sitemaps of every kind, whole and broken."""

import gzip

import pytest

from archive.link import Link, LinkKind
from archive.links.sitemaps import read_sitemap

URL = "https://news.example/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

URLSET = f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="//news.example/main-sitemap.xsl"?>
<urlset {NS} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
<url><loc>https://news.example/one/</loc><lastmod>2026-11-24T10:00:00+05:30</lastmod>
 <image:image><image:loc>https://news.example/one.jpg</image:loc><image:title>चित्र</image:title></image:image></url>
<url><image:image><image:loc>https://news.example/x.jpg</image:loc></image:image>
 <loc> https://news.example/?p=2&amp;q=3 </loc><lastmod>2026-11</lastmod></url>
<url><loc>https://news.example/three/</loc><news:news><news:publication><news:name>N</news:name>
 <news:language>hi</news:language></news:publication><news:publication_date>2026-11-23</news:publication_date>
 <news:title>तीसरी &amp; खबर</news:title></news:news>
 <xhtml:link rel="alternate" hreflang="en" href="https://news.example/en/three/"/>
 <xhtml:link rel="alternate" hreflang="hi" href="https://news.example/three/"/></url>
</urlset>"""

INDEX = f"""<?xml version="1.0"?><sitemapindex {NS}>
<sitemap><loc>https://news.example/wp-sitemap-posts-post-1.xml</loc><lastmod>2026-11-24</lastmod></sitemap>
<sitemap><loc>/wp-sitemap-users-1.xml</loc></sitemap></sitemapindex>"""


def read(text: str | bytes):
    return read_sitemap(text if isinstance(text, bytes) else text.encode(), url=URL)


def urls(links):
    return [link.url for link in links]


def test_urlset_with_images_news_and_languages():
    listing = read(URLSET)
    assert listing.kind == "sitemap"
    assert listing.problem == ""
    assert listing.children == ()
    assert listing.links == (
        Link("https://news.example/one/", LinkKind.SITEMAP, "", "2026-11-24T10:00:00+05:30"),
        Link("https://news.example/?p=2&q=3", LinkKind.SITEMAP, "", "2026-11"),
        Link("https://news.example/three/", LinkKind.SITEMAP, "तीसरी & खबर", "2026-11-23"),
        Link("https://news.example/en/three/", LinkKind.ALTERNATE),
    )


def test_an_index_has_children_and_no_pages():
    listing = read(INDEX)
    assert listing.kind == "index"
    assert listing.links == ()
    assert listing.children == (
        Link(
            "https://news.example/wp-sitemap-posts-post-1.xml", LinkKind.SITEMAP, "", "2026-11-24"
        ),
        Link("https://news.example/wp-sitemap-users-1.xml", LinkKind.SITEMAP),
    )


@pytest.mark.parametrize("prefix", ["", "sm:"])
def test_namespaces_may_be_missing_or_prefixed(prefix):
    declared = f' xmlns:sm="{NS[7:-1]}"' if prefix else ""
    text = f"<{prefix}urlset{declared}><{prefix}url><{prefix}loc>/a</{prefix}loc></{prefix}url></{prefix}urlset>"
    assert urls(read(text).links) == ["https://news.example/a"]


def test_undeclared_image_prefixes_are_still_no_pages():
    text = "<urlset><url><image:loc>/i.jpg</image:loc><loc>/a</loc></url></urlset>"
    assert urls(read(text).links) == ["https://news.example/a"]


def test_gzip_and_two_members():
    half = URLSET.index("<url><image")
    payload = gzip.compress(URLSET[:half].encode()) + gzip.compress(URLSET[half:].encode())
    assert len(read(payload).links) == 4


def test_plain_text():
    listing = read("\ufeffhttps://news.example/one\r\n\r\nhttps://news.example/दो\n")
    assert listing.kind == "text"
    assert urls(listing.links) == ["https://news.example/one", "https://news.example/दो"]


@pytest.mark.parametrize(
    "text", ["User-agent: *\nDisallow: /\n", "<html><body>404</body></html>", "", "https://a b c"]
)
def test_other_things_are_no_sitemap(text):
    listing = read(text)
    assert listing.kind == "unknown"
    assert listing.links == ()
    assert listing.problem.endswith("a sitemap")


@pytest.mark.parametrize("cut", range(400, len(URLSET) - 1, 17))
def test_a_truncated_sitemap_gives_whole_entries_only(cut):
    listing = read(URLSET[:cut])
    whole = urls(read(URLSET).links)
    assert urls(listing.links) == whole[: len(listing.links)]
    assert len(listing.links) == min(URLSET[:cut].count("</url>"), 2)
    assert listing.problem == "ends early"


def test_an_empty_urlset_is_a_sitemap():
    for text in ("<urlset/>", f"<urlset {NS}></urlset>"):
        listing = read(text)
        assert (listing.kind, listing.links, listing.problem) == ("sitemap", (), "")


def test_entries_without_address_are_counted():
    listing = read("<urlset><url><loc/></url><url><loc>mailto:a@b</loc></url><url/></urlset>")
    assert listing.problem == "3 entries without a web address"


def test_bad_dates_are_dropped_and_the_page_kept():
    text = "<urlset><url><loc>/a</loc><lastmod>2026-13-45</lastmod></url></urlset>"
    assert read(text).links == (Link("https://news.example/a", LinkKind.SITEMAP),)
