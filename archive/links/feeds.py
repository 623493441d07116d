"""Feeds → links: RSS 0.9x, 1.0 (RDF) and 2.0, Atom, JSON Feed; no I/O."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from archive.link import LinkKind
from archive.links import objects, xml
from archive.links.listed import Collector, Listing, absolute, instead, join_problems, plain

ROOTS = frozenset({"rss", "RDF", "feed"})
_RECORDS = frozenset({"item", "entry"})
_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MEDIA = ("mrss", "media", "itunes", "podcast-1.0.dtd")  # their titles are pictures' and episodes'
_WORDPRESS = re.compile(r"wordpress\.(org|com)", re.I)
# The newest date an item tells: an edit moves it, so that a changed story is seen as changed.
_DATES = ("updated", "modified", "pubDate", "published", "issued", "date", "created")


def read_feed(payload: bytes, *, url: str, charset: str = "") -> Listing:
    """Read a feed; ``payload`` as a browser would parse it, or still gzipped as a file.

    Links have kind ``feed``, the item's title and its last date. ``next`` has the page that the
    feed names itself (RFC 5005, JSON Feed ``next_url``) or, in WordPress's feeds, ``?paged=N``.
    Bytes that are no feed give kind ``unknown`` and a ``problem``. Never raises on any bytes.
    """
    text, cut = xml.text_of(payload, charset)
    if text.lstrip().startswith("{"):
        return _read_json(text, url, cut)
    document = xml.open_document(text, ROOTS, _RECORDS)
    if document is None:
        return Listing("unknown", problem=join_problems([cut, instead(text, "a feed")]))
    del text  # it may have 50 MB
    return _Reading(url, document).listing(cut)


class _Reading:
    """One pass over an XML feed."""

    def __init__(self, url: str, document: xml.Document) -> None:
        self.url, self.document = url, document
        self.links = Collector(url)
        self.title = self.language = ""
        self.named_next = ""
        self.wordpress = False
        self.stories = False  # a feed of comments lists only …#comment-1

    def listing(self, cut: str) -> Listing:
        problems = [cut, self.document.problem]
        for number, element in enumerate(xml.shallow(self.document, problems)):
            if number == 0:
                self.language = element.get(_LANG, "")
            elif xml.local(element) in _RECORDS:
                self._item(element)
                if self.links.full:
                    break
            else:
                self._about(element)
        return Listing(
            "atom" if self.document.root == "feed" else "rss",
            links=self.links.links,
            next=self._next(),
            title=self.title,
            language=self.language,
            problem=self.links.problem(*problems),
        )

    def _about(self, element: xml.Element) -> None:
        name = xml.local(element)
        if name == "title" and not self.title:
            self.title = plain(xml.content(element))
        elif name == "language":
            self.language = xml.content(element).strip()[:35] or self.language
        elif name.lower() in ("generator", "generatoragent"):
            said = " ".join([xml.content(element), *map(str, element.attrib.values())])
            self.wordpress = bool(_WORDPRESS.search(said[:500]))
        elif name == "link" and element.get("rel") in ("next", "prev-archive"):
            base = xml.base_of(element, self.url)
            self.named_next = absolute(base, element.get("href", ""))

    def _item(self, item: xml.Element) -> None:
        texts: dict[str, str] = {}
        for child in item:
            name = xml.local(child)
            if xml.namespace(child).strip("/").endswith(_MEDIA):
                continue
            if name in (*_DATES, "title", "origLink") and name not in texts:
                texts[name] = xml.content(child)
        href = texts.get("origLink", "").strip() or _address(item)
        self.stories |= "#comment-" not in href
        date = next((texts[name] for name in _DATES if texts.get(name, "").strip()), "")
        base = xml.base_of(item, self.url)
        self.links.add(LinkKind.FEED, href, texts.get("title", ""), date, base)

    def _next(self) -> tuple[str, ...]:
        following = self.named_next
        if not following and self.wordpress and self.stories:
            following = next_paged(self.url)
        if not following or following == self.url or not self.links.links:
            return ()
        return (following,)


def _address(item: xml.Element) -> str:
    """Return the address of an item: its link, else a guid that is one, else ``rdf:about``."""
    found: dict[str, str] = {}
    for child in item:
        name, text = xml.local(child), (child.text or "").strip()
        if name == "link" and child.get("href") is not None:
            if child.get("rel", "alternate") == "alternate":
                found.setdefault("alternate", str(child.get("href")))
        elif name == "link" and text and xml.namespace(child) != _ATOM:
            found.setdefault("link", text)
        elif name in ("guid", "id") and child.get("isPermaLink", "true").strip() != "false":
            found.setdefault("guid", text if "://" in text else "")  # tag: and urn: are no links
    about = next((str(v) for k, v in item.attrib.items() if str(k).endswith("about")), "")
    order = (found.get("link"), found.get("alternate"), found.get("guid"), about)
    return next((address for address in order if address), "")


def next_paged(url: str) -> str:
    """Return the address of the following page of a WordPress feed.

    >>> next_paged("https://example.org/feed/?paged=2")
    'https://example.org/feed/?paged=3'
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    page = next((value for name, value in query if name == "paged"), "1")
    if not page.isascii() or not page.isdecimal() or len(page) > 6:
        return ""
    rest = [(name, value) for name, value in query if name != "paged"]
    query = [*rest, ("paged", str(max(int(page), 1) + 1))]
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def _read_json(text: str, url: str, cut: str) -> Listing:
    """Read a JSON Feed (jsonfeed.org, 1 and 1.1)."""
    feed, items, problem = objects.read_items(text, "items")
    if "jsonfeed.org" not in objects.string(feed.get("version")):
        return Listing("unknown", problem=join_problems([cut, problem, "JSON instead of a feed"]))
    links = Collector(url)
    for item in items:
        href = objects.string(item.get("url")) or objects.string(item.get("id"))
        date = objects.string(item.get("date_modified")) or objects.string(
            item.get("date_published")
        )
        links.add(LinkKind.FEED, href, objects.string(item.get("title")), date)
    following = absolute(url, objects.string(feed.get("next_url")))
    more = following and following != url and links.links
    return Listing(
        "json",
        links=links.links,
        next=(following,) if more else (),
        title=plain(objects.string(feed.get("title"))),
        language=objects.string(feed.get("language"))[:35],
        problem=links.problem(cut, problem),
    )
