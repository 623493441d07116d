"""Feeds of every dialect, whole and broken."""

import gzip
import json
import time
import zlib

import pytest

from archive.link import LinkKind
from archive.links.feeds import next_paged, read_feed
from archive.links.listed import MAX_LINKS
from archive.links.xml import MAX_BYTES

URL = "https://news.example/feed/"

RSS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>हिमाचल &#8211; समाचार</title>
<atom:link href="https://news.example/feed/" rel="self" type="application/rss+xml" />
<link>https://news.example</link><language>hi-IN</language>
<generator>https://wordpress.org/?v=6.6.2</generator>
<image><url>https://news.example/i.png</url><title>चित्र</title><link>https://news.example</link></image>
<item><title>मंडी में भारी बारिश &#8216;अलर्ट&#8217;</title><link>https://news.example/mandi/</link>
 <dc:creator><![CDATA[राकेश]]></dc:creator><pubDate>Tue, 24 Nov 2026 06:11:30 +0000</pubDate>
 <guid isPermaLink="false">https://news.example/?p=12</guid>
 <content:encoded><![CDATA[<p>पाठ <a href="https://elsewhere.example/">कड़ी</a> &nbsp;</p>]]></content:encoded></item>
<item><title><![CDATA[A &amp; B]]></title><link>https://news.example/b/#more</link></item>
</channel></rss>"""

RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://news.example/feed"><title>T</title><link>https://news.example/</link>
<items><rdf:Seq><rdf:li rdf:resource="https://news.example/one"/></rdf:Seq></items></channel>
<item rdf:about="https://news.example/one"><title>One</title><link>https://news.example/one</link>
<dc:date>2026-11-24T10:00:00+05:30</dc:date></item>
<item rdf:about="https://news.example/two"><title>Two</title></item></rdf:RDF>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="hi"
 xml:base="https://news.example/atom/"><title type="text">अणु</title>
<link rel="next" href="page2"/><link rel="self" href="."/>
<entry xml:base="2026/"><id>tag:news.example,2026:1</id><title type="html">&lt;b&gt;एक&lt;/b&gt;</title>
<link rel="enclosure" href="a.mp3"/><link rel="edit" href="edit"/><link href="one.html"/>
<published>2026-11-20T00:00:00Z</published><updated>2026-11-24T00:00:00Z</updated></entry>
<entry><id>https://news.example/by-id</id><title>Two</title></entry></feed>"""


def read(text: str | bytes, url: str = URL):
    return read_feed(text if isinstance(text, bytes) else text.encode(), url=url)


def urls(listing):
    return [link.url for link in listing.links]


def test_rss_gives_links_titles_dates_and_the_next_page():
    listing = read(RSS)
    assert listing.kind == "rss"
    assert listing.problem == ""
    assert (listing.title, listing.language) == ("हिमाचल – समाचार", "hi-IN")
    assert urls(listing) == ["https://news.example/mandi/", "https://news.example/b/"]
    first, second = listing.links
    assert first.kind is LinkKind.FEED
    assert first.text == "मंडी में भारी बारिश ‘अलर्ट’"
    assert first.date == "2026-11-24T06:11:30+00:00"
    assert (second.text, second.date) == ("A & B", None)
    assert listing.next == ("https://news.example/feed/?paged=2",)


def test_rdf_takes_link_and_else_about():
    listing = read(RDF)
    assert urls(listing) == ["https://news.example/one", "https://news.example/two"]
    assert listing.links[0].date == "2026-11-24T10:00:00+05:30"
    assert listing.next == ()


def test_atom_resolves_bases_and_prefers_the_alternate_link_and_the_last_change():
    listing = read(ATOM)
    assert listing.kind == "atom"
    assert urls(listing) == [
        "https://news.example/atom/2026/one.html",
        "https://news.example/by-id",
    ]
    assert listing.links[0].text == "एक"
    assert listing.links[0].date == "2026-11-24T00:00:00Z"
    assert listing.language == "hi"
    assert listing.next == ("https://news.example/atom/page2",)
    archived = read(ATOM.replace('rel="next"', 'rel="prev-archive"'))
    assert archived.next == listing.next


@pytest.mark.parametrize("declared", ["", " xmlns:media='http://search.yahoo.com/mrss/'"])
def test_a_pictures_title_is_not_the_storys(declared):
    listing = read(
        f"<rss{declared}><channel><item><media:title>चित्र</media:title><title>खबर</title>"
        "<link>/a</link></item></channel></rss>"
    )
    assert [link.text for link in listing.links] == ["खबर"]


def test_json_feed():
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "T",
        "language": "hi",
        "next_url": "?page=2",
        "items": [
            {
                "id": "1",
                "url": "/one",
                "title": "एक",
                "date_published": "2026-11-24T10:00:00+05:30",
            },
            {"id": "https://news.example/two"},
            {"id": "no address"},
            "not an object",
        ],
    }
    listing = read(json.dumps(feed), "https://news.example/feed.json")
    assert listing.kind == "json"
    assert urls(listing)[:2] == ["https://news.example/one", "https://news.example/two"]
    assert listing.links[0].text == "एक"
    assert listing.next == ("https://news.example/feed.json?page=2",)


def test_a_json_feed_cut_short_gives_its_whole_items():
    whole = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1",
            "items": [{"url": f"https://news.example/{n}"} for n in range(10)],
        }
    )
    listing = read(whole[:-30])
    assert urls(listing) == [f"https://news.example/{n}" for n in range(9)]
    assert "ends early" in listing.problem


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<guid>https://news.example/g</guid>", ["https://news.example/g"]),
        ('<guid isPermaLink="true">https://news.example/g</guid>', ["https://news.example/g"]),
        ('<guid isPermaLink="false">https://news.example/g</guid>', []),
        ("<guid>tag:news.example,2026:g</guid>", []),
        ("<link/><guid>https://news.example/g</guid>", ["https://news.example/g"]),
        ("<link>relative/path</link>", ["https://news.example/feed/relative/path"]),
        ("<link>//cdn.example/x</link>", ["https://cdn.example/x"]),
        ("<link>ftp://news.example/x</link>", []),
        ("<link>javascript:alert(1)</link>", []),
        ("<link>\n  https://news.example/a b\n</link>", ["https://news.example/a%20b"]),
        ("<link>https://news.example/खबर</link>", ["https://news.example/खबर"]),
        (
            "<link><![CDATA[https://news.example/?a=1&b=2]]></link>",
            ["https://news.example/?a=1&b=2"],
        ),
        ("<link>https://news.example/?a=1&b=2</link>", ["https://news.example/?a=1&b=2"]),
        ("<link>http://[::1</link>", []),
        (f"<link>https://news.example/{'x' * 9000}</link>", []),
        (
            "<link>https://feedproxy.example/~r/x</link>"
            "<feedburner:origLink>https://news.example/o</feedburner:origLink>",
            ["https://news.example/o"],
        ),
    ],
)
def test_which_address_an_item_has(item, expected):
    listing = read(f"<rss version='0.91'><channel><item>{item}</item></channel></rss>")
    assert urls(listing) == expected
    assert ("without a web address" in listing.problem) == (not expected)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Tue, 24 Nov 2026 11:41:30 +0530", "2026-11-24T11:41:30+05:30"),
        ("24 Nov 2026 11:41 GMT", "2026-11-24T11:41:00+00:00"),
        ("Tue, 24 Nov 2026 11:41:30 IST", "2026-11-24T11:41:30"),
        ("2026-11-24 11:41:30", "2026-11-24 11:41:30"),
        ("कल", None),
        ("32 Nov 2026 11:41:30 +0000", None),
        ("", None),
    ],
)
def test_dates_are_never_guessed(date, expected):
    feed = f"<rss><channel><item><link>/a</link><pubDate>{date}</pubDate></item></channel></rss>"
    assert read(feed).links[0].date == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.example/feed/", "https://e.example/feed/?paged=2"),
        ("https://e.example/?feed=rss2&paged=7", "https://e.example/?feed=rss2&paged=8"),
        ("https://e.example/feed/?paged=x", ""),
        ("https://e.example/feed/?paged=99999999", ""),
    ],
)
def test_wordpress_pages_are_counted_on(url, expected):
    assert next_paged(url) == expected


def test_only_wordpress_feeds_with_stories_have_derived_pages():
    assert read(RSS.replace("wordpress.org", "drupal.org")).next == ()
    comments = RSS.replace("</link>", "#comment-3</link>").replace("#more", "")
    assert read(comments).next == ()
    empty = RSS[: RSS.index("<item>")] + "</channel></rss>"
    assert read(empty).next == ()
    assert read(empty).problem == ""


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "latin"])
def test_charsets(charset):
    if charset == "latin":
        payload = (
            '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>Café “x”</title>'
            "<link>/a</link></item></channel></rss>"
        ).encode("windows-1252")
        assert read(payload).links[0].text == "Café “x”"
        return
    payload = (
        b"\xfe\xff" + RSS.encode("utf-16-be") if charset.endswith("bom") else RSS.encode(charset)
    )
    assert read(payload).links[0].text.startswith("मंडी में")


def test_a_declaration_that_lies_does_not_win_over_utf_8():
    payload = RSS.replace("UTF-8", "ISO-8859-1").encode()
    assert read(payload).links[0].text.startswith("मंडी में")
    assert read(RSS.replace("UTF-8", "no-such-charset").encode()).links[0].text.startswith("मंडी")


def test_a_stray_byte_costs_one_character():
    payload = RSS.encode().replace("भारी".encode(), b"\xff")
    assert read(payload).links[0].text.startswith("मंडी में")
    assert len(read(payload).links) == 2


@pytest.mark.parametrize(
    "junk", ["\n\n ", "<br />\n<b>Warning</b>: in <b>/x.php</b> on line <b>3</b><br />\n"]
)
def test_junk_before_and_after_is_ignored(junk):
    listing = read(junk + RSS + "<!-- cached --> <b>Notice</b>")
    assert len(listing.links) == 2
    assert listing.problem == ""


def test_control_characters_and_html_entities_do_not_stop_it():
    listing = read(RSS.replace("मंडी में", "मंडी\x08&nbsp;&hellip;में & <br> "))
    assert listing.links[0].text.startswith("मंडी …में &")
    assert urls(listing) == urls(read(RSS))
    assert "not well-formed" in listing.problem


@pytest.mark.parametrize("cut", range(len(RSS) - 700, len(RSS) - 1, 13))
def test_a_truncated_feed_never_gives_half_an_address(cut):
    listing = read(RSS[:cut].encode())
    assert set(urls(listing)) <= {"https://news.example/mandi/", "https://news.example/b/"}
    assert "ends early" in listing.problem


def test_comments_before_the_root_are_bounded():
    started = time.monotonic()
    assert read("<!--" * 16_000 + RSS).kind in ("rss", "unknown")
    assert len(read("<!-- a page: <html> -->" + RSS).links) == 2
    assert time.monotonic() - started < 2


def test_a_cut_character_does_not_win_over_utf_8():
    payload = RSS.replace("UTF-8", "ISO-8859-1").encode()
    cut = payload[: payload.index("पाठ".encode()) + 2]
    listing = read(cut.replace(b"<item>", b"<item><title>x</title></item><item>", 1))
    assert listing.title == "हिमाचल – समाचार"


def test_an_entry_that_was_never_closed_costs_itself_only():
    broken = RSS.replace("<item>", "<item><link>https://news.example/lost/</link><item>", 1)
    assert "https://news.example/mandi/" in urls(read(broken))
    assert "https://news.example/b/" in urls(read(broken))


def test_what_is_no_feed_is_said_to_be_none():
    page = "<!doctype html><html><body>&lt;rss&gt; <rss><channel><item><link>/a</link></item>"
    assert read(page).problem == "HTML instead of a feed"
    assert read(page).links == ()
    assert read(b"").problem == "empty, not a feed"
    assert read('{"a": 1}').problem == "JSON instead of a feed"
    assert read("\x89PNG").kind == "unknown"


def test_entities_and_external_dtds_are_never_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    hostile = f"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">
      <!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;]>
      <rss><channel><item><title>&x;&b;T</title><link>/a</link></item></channel></rss>"""
    listing = read(hostile)
    assert urls(listing) == ["https://news.example/a"]
    assert "s3cret" not in repr(listing)
    assert "haha" not in repr(listing)


def test_billion_laughs_end_at_once():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    hostile = f'<!DOCTYPE rss [<!ENTITY e0 "lol">{entities}]><rss><channel><item><title>&e11;</title><link>/a</link></item></channel></rss>'
    started = time.monotonic()
    assert urls(read(hostile)) == ["https://news.example/a"]
    assert time.monotonic() - started < 2


def test_a_gzip_bomb_is_bounded():
    item = b"<item><link>/a</link></item>"
    bomb = zlib.compressobj(9, wbits=31)
    payload = bomb.compress(b"<rss><channel>" + item)
    for _ in range(12):
        payload += bomb.compress(b" " * 10_000_000)
    payload += bomb.flush()
    assert len(payload) < 1_000_000
    listing = read(payload)
    assert urls(listing) == ["https://news.example/a"]
    assert f"longer than {MAX_BYTES:,} bytes" in listing.problem


def test_a_gzip_of_a_hundred_thousand_members_is_bounded():
    payload = gzip.compress(RSS.encode()) + gzip.compress(b"") * 100_000
    started = time.monotonic()
    listing = read(payload)
    assert time.monotonic() - started < 2
    assert len(listing.links) == 2
    assert "too many gzip members" in listing.problem


def test_damaged_gzip_gives_what_came_before():
    payload = gzip.compress(RSS.encode() * 1)
    assert len(read(payload).links) == 2
    listing = read(payload[: len(payload) - 40])
    assert "gzip ends early" in listing.problem
    assert set(urls(listing)) <= {"https://news.example/mandi/", "https://news.example/b/"}


def test_sixty_megabytes_and_a_hundred_thousand_items_are_bounded_in_time():
    item = "<item><title>समाचार</title><link>/{}</link><description>{}</description></item>"
    many = "".join(item.format(n, "x" * 300) for n in range(MAX_LINKS + 500))
    payload = f"<rss><channel>{many}{' ' * 30_000_000}</channel></rss>".encode()
    assert len(payload) > 60_000_000
    started = time.monotonic()
    listing = read(payload)
    assert time.monotonic() - started < 30
    assert len(listing.links) == MAX_LINKS
    assert "longer than" in listing.problem


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 100_000,
        "<a/>" * 300_000,
        "<a " + " ".join(f"a{n}='1'" for n in range(50_000)) + "/>",
        "<![CDATA[" + "x" * 11_000_000 + "]]>",
        "<" * 100_000,
        "&" * 100_000,
        "<!--" * 100_000,
        "<![CDATA[" * 100_000,
        "<item>" * 100_000,
        "</item>" * 100_000,
        "<title>&" + "<b" * 100_000,
    ],
    ids=[
        *("deep", "wide", "attributes", "long", "brackets", "ampersands"),
        *("comments", "cdata", "openings", "closings", "tags"),
    ],
)
def test_hostile_trees_end_in_time(inside):
    feed = f"<rss><channel><item><link>/a</link></item><item>{inside}<link>/b</link></item></channel></rss>"
    started = time.monotonic()
    listing = read(feed)
    assert time.monotonic() - started < 10
    assert urls(listing)[:1] == ["https://news.example/a"]


def test_a_feed_that_is_mended_in_pieces_says_what_it_would_in_one():
    item = (
        "<item><title>{0} & <![CDATA[b & c]]>&nbsp;\x08d</title><link>/{0}/?a=1&b=2</link></item>"
    )
    numbers = range(5_000)  # 400 KB
    listing = read(f"<rss><channel>{''.join(item.format(n) for n in numbers)}</channel></rss>")
    assert listing.problem == ""
    assert [link.text for link in listing.links] == [f"{n} & b & c d" for n in numbers]
    assert all(link.url.endswith(f"/{n}/?a=1&b=2") for n, link in enumerate(listing.links))
