"""A small Hindi newspaper whose captures a test writes itself, with what happens to real ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.capture import About, Exchange
from archive.link import LinkKind
from archive.portal import Portal
from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
SITE = "https://khabar.test"
PORTAL = Portal("khabar", "ख़बर", f"{SITE}/", "Asia/Kolkata", "hi")

PARAGRAPHS = (
    "शिमला, 1 मार्च। राजधानी में सोमवार सुबह हुई भारी बर्फबारी के बाद कई सड़कें बंद हो गईं और यातायात ठप रहा।",
    "पुलिस अधीक्षक ने बताया कि ऊपरी इलाकों में फंसे पर्यटकों को सुरक्षित निकालने के लिए टीमें भेजी गई हैं।",
    "लोक निर्माण विभाग की मशीनें सुबह से सड़कों को खोलने में जुटी हैं, लेकिन लगातार हिमपात से दिक्कत आ रही है।",
    "मौसम विभाग ने अगले दो दिनों तक बारिश और बर्फबारी जारी रहने की चेतावनी देते हुए सावधानी बरतने को कहा है।",
    "स्थानीय लोगों ने प्रशासन से पेयजल और बिजली की आपूर्ति जल्द बहाल करने की मांग की है।",
)


def story_page(
    number: int,
    *,
    title: str = "",
    paragraphs: Iterable[str] = PARAGRAPHS,
    canonical: str = "",
    pages: int = 1,
    page: int = 1,
    related: Iterable[int] = (),
) -> bytes:
    """Return the HTML of a story; ``pages`` > 1 adds WordPress's links between its pages."""
    title = title or f"हिमाचल में बर्फबारी से जनजीवन प्रभावित, खबर संख्या {number}"
    body = "".join(f"<p>{p} ({number})</p>\n" for p in paragraphs)
    if pages > 1:
        numbers = "".join(
            f'<a href="{address(number, n)}" class="post-page-numbers">{n}</a>'
            if n != page
            else f'<span class="post-page-numbers current">{n}</span>'
            for n in range(1, pages + 1)
        )
        body += f'<div class="page-links">पृष्ठ: {numbers}</div>'
    more = "".join(f'<li><a href="{address(n)}">खबर संख्या {n}</a></li>' for n in related)
    if more:
        more = f'<div class="em-reated-posts"><h3>More Stories</h3><ul>{more}</ul></div>'
    link = f'<link rel="canonical" href="{canonical or address(number, page)}">'
    return f"""<!DOCTYPE html><html lang="hi"><head><meta charset="utf-8"><title>{title} - ख़बर</title>
<meta property="og:title" content="{title}"><meta property="og:type" content="article">
<meta property="article:published_time" content="2026-02-{1 + number % 28:02}T09:30:00+05:30">
<meta property="article:section" content="हिमाचल"><meta name="author" content="राकेश शर्मा">{link}</head>
<body><header><a href="/">ख़बर</a></header><main><article class="post"><h1 class="entry-title">{title}</h1>
<div class="entry-content">{body}</div></article>{more}</main></body></html>""".encode()


def address(number: int, page: int = 1) -> str:
    """Return the address of a story, or of one of its further pages."""
    return f"{SITE}/himachal/khabar-{number}/" + (f"{page}/" if page > 1 else "")


def exchange(
    url: str,
    body: bytes,
    minute: float,
    *,
    status: str = "200 OK",
    media: str = "text/html; charset=utf-8",
    kind: LinkKind = LinkKind.FEED,
    extra: str = "",
) -> Exchange:
    """Return one exchange, ``minute`` minutes after START."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    )
    return Exchange(
        url,
        START + timedelta(minutes=minute),
        f"GET {url} HTTP/1.1\r\n\r\n".encode(),
        head.encode(),
        body,
        about=About(PORTAL.id, f"{SITE}/feed/", kind, 1, "allowed"),
    )


LAST_PAGE = (
    "उपायुक्त ने कहा कि प्रभावित परिवारों को राहत राशि दी जाएगी और नुकसान का आकलन तीन दिन में पूरा होगा।",
    "अस्पतालों में अतिरिक्त चिकित्सक तैनात किए गए हैं और एंबुलेंस सेवा चौबीसों घंटे उपलब्ध रहेगी।",
    "शिक्षा विभाग ने जिले के सभी स्कूल बुधवार तक बंद रखने के आदेश जारी किए हैं।",
)

FEED = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>ख़बर</title>
<item><title>खबर 1</title><link>{address(1)}</link></item>
<item><title>खबर 2</title><link>{address(2)}</link></item></channel></rss>""".encode()

EDITED = "हिमाचल में बर्फबारी थमी, सड़कें खुलने लगीं"


def first_crawl() -> list[Exchange]:
    """Return a feed, stories, an AMP page, a story on three pages, a redirect and an error."""
    html = "text/html; charset=utf-8"
    rss = "application/rss+xml; charset=utf-8"
    pages = [exchange(f"{SITE}/feed/", FEED, 0, media=rss, kind=LinkKind.SEED)]
    pages += [exchange(address(n), story_page(n, related=(n + 1, n + 2)), n) for n in range(1, 9)]
    pages.append(  # page 2 comes before its story: a listing may name it first
        exchange(address(20, 2), story_page(20, pages=3, page=2, paragraphs=PARAGRAPHS[2:]), 20)
    )
    pages.append(exchange(address(20), story_page(20, pages=3, paragraphs=PARAGRAPHS[:2]), 21))
    pages.append(
        exchange(f"{address(1)}amp/", story_page(1, paragraphs=PARAGRAPHS[:4]), 22, media=html)
    )
    pages.append(
        exchange(f"{SITE}/old-1", b"", 23, status="301 Moved", extra=f"Location: {address(1)}\r\n")
    )
    pages.append(exchange(f"{SITE}/lost", b"<h1>404</h1>", 24, status="404 Not Found"))
    return pages


def second_crawl() -> list[Exchange]:
    """Return an unchanged story, an edited one, a deleted one, the third page, and a new story."""
    day = 24 * 60
    return [
        exchange(address(1), story_page(1, related=(2, 3)), day),  # the same bytes: a revisit
        exchange(address(2), story_page(2, title=EDITED, related=(3, 4)), day + 1),
        exchange(address(3), b"<h1>gone</h1>", day + 2, status="410 Gone"),
        exchange(address(20, 3), story_page(20, pages=3, page=3, paragraphs=LAST_PAGE), day + 3),
        exchange(address(30), story_page(30), day + 4),
    ]


@contextmanager
def writing(archive: Path, crawl: str, *, revisits: bool = True) -> Iterator[WarcWriter]:
    """Open a writer into ``archive`` as a crawl would."""
    index = RevisitIndex(archive) if revisits else None
    info = {"software": "morestories", "morestories-crawl": crawl, **PORTAL.to_warcinfo()}
    at = START if crawl == "one" else START + timedelta(days=1)
    writer = WarcWriter(
        archive / "warc", portal=PORTAL.id, info=info, revisits=index, now=lambda: at
    )
    try:
        yield writer
    finally:
        writer.close()
        if index:
            index.close()


def write(archive: Path, crawl: str, exchanges: Iterable[Exchange]) -> None:
    """Write a whole crawl, sealed."""
    with writing(archive, crawl) as writer:
        for one in exchanges:
            writer.write(one)
            writer.sync()


def write_all(archive: Path) -> None:
    """Write both crawls."""
    write(archive, "one", first_crawl())
    write(archive, "two", second_crawl())
