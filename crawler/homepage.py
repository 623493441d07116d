"""A portal's home page, read for what a portal file needs; bytes in, facts out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote, urlsplit

from lxml import html
from lxml.etree import ParserError

from archive.links.listed import absolute, plain
from archive.links.xml import decoded

MAX_SECTIONS = 30
MAX_ANCHORS = 2_000  # a page of 100,000 links tells no more than its first
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_SCRIPTS = {  # Unicode blocks, and the language that most portals in that script are written in
    "hi": "\u0900-\u097f",
    "bn": "\u0980-\u09ff",
    "pa": "\u0a00-\u0a7f",
    "gu": "\u0a80-\u0aff",
    "or": "\u0b00-\u0b7f",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "si": "\u0d80-\u0dff",
    "ur": "\u0600-\u06ff",
    "en": "A-Za-z",
}
_SHARED = {"hi": {"mr", "ne", "sa", "kok", "mai", "bho", "doi", "brx", "awa"}, "bn": {"as"},
           "ur": {"ar", "fa", "sd", "ps", "ks"}}  # fmt: skip
_NO_SECTION = re.compile(
    r"about|contact|privacy|disclaimer|terms|polic(y|ies)|advertis|career|login|register|sign-?(in|up)|"
    r"sitemap|feed|rss|/author/|/tags?/|e-?paper|our-team|subscri|cart|account|download|/app\b|cookie|"
    r"/page/\d|grievance|correction|ownership|wp-|हमारे|संपर्क|सम्पर्क|गोपनीयता|विज्ञापन",
    re.I,
)
_LISTED = re.compile(r"/(category|section|topics?|news|state|city|district)/", re.I)
_NEWS = re.compile(r'"(NewsArticle|NewsMediaOrganization|ReportageNewsArticle)"')
_OFFSET = re.compile(r"T\d\d:\d\d(?::\d\d(?:\.\d+)?)?([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True, slots=True)
class Homepage:
    """What a home page tells. URLs are absolute; ``offsets`` counts minutes east of UTC."""

    name: str = ""
    language: str = ""
    script: str = ""
    theme: str = ""
    wordpress: bool = False
    feeds: tuple[str, ...] = ()
    rest: str = ""
    sections: tuple[str, ...] = ()
    stories: int = 0
    is_news: bool = False
    is_article: bool = False
    offsets: tuple[tuple[int, int], ...] = ()


def read_homepage(body: bytes, *, url: str, charset: str = "") -> Homepage:
    """Read a page. Never raises; a page that is none gives empty facts."""
    text = decoded(body, charset)
    try:
        parser = html.HTMLParser(encoding="utf-8")
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (ParserError, ValueError):
        return Homepage()
    return Homepage(
        name=_name(tree),
        language=_language(tree),
        script=script_of(_words(tree)),
        theme=_theme(text, tree),
        wordpress="/wp-content/" in text or "/wp-includes/" in text,
        feeds=tuple(dict.fromkeys(_feeds(tree, url))),
        rest=next((absolute(url, href) for href in _hrefs(tree, "https://api.w.org/")), ""),
        sections=tuple(dict.fromkeys(_sections(tree, url)))[:MAX_SECTIONS],
        stories=len({a.get("href") for a in _anchors(tree) if _is_story(a, url)}),
        is_news=bool(_NEWS.search(text)),
        is_article=_meta(tree, "og:type").lower() == "article",
        offsets=tuple(offsets(text).most_common(3)),
    )


def _anchors(tree: html.HtmlElement) -> Iterator[html.HtmlElement]:
    return islice(tree.iter("a"), MAX_ANCHORS)


def _words(tree: html.HtmlElement) -> str:
    """Return the words of links, headings and paragraphs: no scripts, no styles."""
    return " ".join(str(part) for part in tree.itertext("a", "p", "h1", "h2", "h3", "title"))


def script_of(text: str) -> str:
    """Return the language most written in the script that most of ``text`` is in, or "".

    Latin counts as English only where there is next to nothing else: menus and bylines of Hindi
    portals are full of it.
    """
    letters = {code: len(re.findall(f"[{block}]", text)) for code, block in _SCRIPTS.items()}
    latin = letters.pop("en")
    code, most = max(letters.items(), key=lambda pair: pair[1])
    if most >= 50 and most * 5 > latin:
        return code
    return "en" if latin >= 200 else ""


def fits(language: str, script: str) -> bool:
    """Tell whether a declared ``language`` can be written in what :func:`script_of` found."""
    primary = language.partition("-")[0].lower()
    if not script or primary == script:
        return True
    if script == "en":  # Latin: anything but a language that has a script of its own here
        return primary not in _SCRIPTS and not any(primary in s for s in _SHARED.values())
    return primary in _SHARED.get(script, set())


def offsets(text: str) -> Counter[int]:
    """Count the offsets of the ISO dates in ``text``, in minutes east of UTC."""
    return Counter(
        (-1 if sign == "-" else 1) * (int(hours) * 60 + int(minutes))
        for sign, hours, minutes in _OFFSET.findall(text)
    )


def _meta(tree: html.HtmlElement, name: str) -> str:
    found = tree.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return plain(str(found[0])) if found else ""


def _name(tree: html.HtmlElement) -> str:
    title = plain(str(tree.findtext(".//title") or ""))
    return _meta(tree, "og:site_name") or re.split(r"\s[|–—-]\s", title)[0][:100]


def _language(tree: html.HtmlElement) -> str:
    said = str(tree.get("lang") or "").strip() or _meta(tree, "og:locale")
    return said.replace("_", "-")[:35]


def _theme(text: str, tree: html.HtmlElement) -> str:
    themes = Counter(re.findall(r"/wp-content/themes/([A-Za-z0-9._-]{1,60})/", text))
    return themes.most_common(1)[0][0] if themes else _meta(tree, "generator")[:60]


def _hrefs(tree: html.HtmlElement, rel: str) -> list[str]:
    return [str(href) for href in tree.xpath("//link[@rel=$rel]/@href", rel=rel)]


def _feeds(tree: html.HtmlElement, url: str) -> Iterator[str]:
    for link in tree.xpath("//link[contains(@rel, 'alternate')][@href]"):
        said = f"{link.get('title', '')} {link.get('href')}".lower()
        comments = "comment" in said or "टिप्पणि" in said
        feed = absolute(url, link.get("href", ""))
        if feed and link.get("type", "").lower() in _FEED_TYPES and not comments:
            yield feed


def _sections(tree: html.HtmlElement, url: str) -> Iterator[str]:
    menus = (
        "//nav//a[@href] | //header//a[@href] | //*[@role='navigation']//a[@href] | "
        "//*[contains(@class, 'menu') or contains(@id, 'menu')]//a[@href]"
    )
    home = urlsplit(url)
    for anchor in tree.xpath(menus)[:MAX_ANCHORS]:
        link = absolute(url, anchor.get("href", ""))
        parts = urlsplit(link)
        path = unquote(parts.path)
        if parts.netloc != home.netloc or path.rstrip("/") == home.path.rstrip("/"):
            continue
        if _NO_SECTION.search(f"{path} {anchor.text_content()}") or parts.query:
            continue
        if _LISTED.search(path) or not _is_slug(path):
            yield link


def _is_slug(path: str) -> bool:
    """Tell whether a path names a story rather than a section."""
    last = path.rstrip("/").rpartition("/")[2]
    return (
        path.count("/") > 4
        or last.count("-") > 2
        or bool(re.search(r"\d{4}|\.(?!php$)\w{2,5}$", path))
    )


def _is_story(anchor: html.HtmlElement, url: str) -> bool:
    link = absolute(url, anchor.get("href", ""))
    parts = urlsplit(link)
    return (
        parts.netloc == urlsplit(url).netloc
        and (_is_slug(unquote(parts.path)) or "p=" in parts.query)
        and len(plain(anchor.text_content())) >= 20
    )
