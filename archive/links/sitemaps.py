"""Sitemaps → links: index, urlset with news, image and hreflang, plain text, gzip; no I/O."""

from __future__ import annotations

from archive.link import LinkKind
from archive.links import xml
from archive.links.listed import Collector, Listing, absolute, instead, join_problems

ROOTS = frozenset({"urlset", "sitemapindex"})
_RECORDS = frozenset({"url", "sitemap"})
_FOREIGN = ("image", "video", "news", "mobile")  # namespaces whose loc is no page's


def read_sitemap(payload: bytes, *, url: str, charset: str = "") -> Listing:
    """Read a sitemap; ``payload`` as a browser would parse it, or still gzipped (``.xml.gz``).

    ``links`` are pages of kind ``sitemap`` dated by ``lastmod`` (else the news extension's
    publication date, whose title becomes the link's text) and their hreflang ``alternate``;
    ``children`` are the sitemaps of an index. Bytes that are no sitemap give kind ``unknown`` and
    a ``problem``. Never raises on any bytes. Source: sitemaps.org protocol 0.9.
    """
    text, cut = xml.text_of(payload, charset)
    document = xml.open_document(text, ROOTS, _RECORDS)
    if document is not None:
        del text  # it may have 50 MB
        return _read_xml(document, url, cut)
    if is_list_of_urls(text[:4096]):
        return _read_text(text, url, cut)
    return Listing("unknown", problem=join_problems([cut, instead(text, "a sitemap")]))


def _read_xml(document: xml.Document, url: str, cut: str) -> Listing:
    pages, children = Collector(url), Collector(url)
    problems = [cut, document.problem]
    for element in xml.shallow(document, problems):
        name = xml.local(element)
        if name in _RECORDS:
            _entry(element, children if name == "sitemap" else pages)
        if pages.full or children.full:
            break
    return Listing(
        "index" if document.root == "sitemapindex" else "sitemap",
        links=pages.links,
        children=children.links,
        problem=children.problem(pages.problem(*problems)),
    )


def _entry(record: xml.Element, into: Collector) -> None:
    loc = date = title = news_date = ""
    alternates = []
    for child in record.iterdescendants():
        name = xml.local(child)
        if name == "loc" and child.getparent() is record and not _foreign(child):
            loc = loc or xml.content(child)
        elif name == "lastmod":
            date = date or xml.content(child)
        elif name == "publication_date":
            news_date = xml.content(child)
        elif name == "title" and "news" in xml.namespace(child):
            title = xml.content(child)
        elif name == "link" and child.get("rel") == "alternate" and child.get("hreflang"):
            alternates.append(child.get("href", ""))
    into.add(LinkKind.SITEMAP, loc, title, date or news_date)
    own = absolute(into.base, loc) if alternates else ""
    for href in alternates:
        if absolute(into.base, href) not in ("", own):
            into.add(LinkKind.ALTERNATE, href)


def _foreign(element: xml.Element) -> bool:
    return any(word in xml.namespace(element) for word in _FOREIGN)


def is_list_of_urls(head: str) -> bool:
    """Tell whether every whole line of ``head`` is a web address (a sitemap in plain text)."""
    lines = [line.strip() for line in head.lstrip("\ufeff").splitlines() if line.strip()]
    whole = lines[:-1] or lines
    return bool(whole) and all(
        line.startswith(("http://", "https://")) and " " not in line for line in whole
    )


def _read_text(text: str, url: str, cut: str) -> Listing:
    pages = Collector(url)
    if cut:  # the last line may be half an address
        text = text[: text.rfind("\n") + 1]
    for line in text.splitlines():
        if line.strip():
            pages.add(LinkKind.SITEMAP, line if "://" in line else "")
        if pages.full:
            break
    return Listing("text", links=pages.links, problem=pages.problem(cut))
