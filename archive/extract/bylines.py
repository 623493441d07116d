"""Who wrote a story: machine-readable authors, printed bylines, and the words beside the date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

import regex
from lxml import etree
from lxml.html import HtmlElement

from archive.extract import structured
from archive.extract.agencies import is_agency
from archive.extract.authors import is_generic, read_authors
from archive.extract.dates import find_date
from archive.extract.evidence import Evidence
from archive.extract.microdata import Item
from archive.extract.structured import clean, letters
from archive.extract.vicinity import lines_of
from archive.extract.words import PUBLISHED_WORD, SENTENCE_WORDS, UPDATED_WORD

Names = tuple[str, ...]

AUTHOR_META = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "byl", "og:article:author", "citation_author", "authors", "cxenseparse:author", "twitter:data1",
)  # fmt: skip
BYLINE_CLASS = regex.compile(
    r"(?:^|[\s_-])(?:authors?|by-?line|writer|reporter|posted-?by|auther|credit-?name|journalist|"
    r"story-?by|news-?by|written-?by|post-?by|editor-?name|reporter-?name)(?:$|[\s_-])|"
    r"author-?name|author-?meta|byauthor|bylineauthor|entry-author|post-author",
    regex.I,
)
NOT_BYLINE = regex.compile(
    r"bio|desc|avatar|image|img|photo|pic\b|about|social|share|more|archive|box|comment|follow|widget|"
    r"icon|title|count|date|time",
    regex.I,
)
AUTHOR_HREF = regex.compile(
    r"/(?:authors?|auteurs?|autor(?:en|es)?|profile|reporter|byline|writer|journalist)s?/[^/]+",
    regex.I,
)
BYLINE_LABEL = regex.compile(
    r"(?:\b(?:[Ww]ritten|[Rr]eported|[Ee]dited|[Pp]osted|[Pp]ublished|[Ss]tory|[Rr]eport|[Aa]uthored)\s+)?"
    r"\b[Bb][Yy]\b\s*:?\s*(?=\S)|(?<!\S)(?:लेखक|लेखिका|रिपोर्ट|रिपोर्टर|संपादन|संपादक|प्रस्तुति|द्वारा)\s*[:\-–]\s*"
    r"|(?<!\S)द्वारा\s+|\b(?:Author|Reporter|Editor)\s*:\s*"
)
# Two words that stand where a name might: "नई दिल्ली, 12 दिसंबर 2024".
PLACES = frozenset(
    ("नई दिल्ली", "new delhi", "ग्रेटर नोएडा", "greater noida", "हिमाचल प्रदेश", "himachal pradesh", "उत्तर प्रदेश",
     "uttar pradesh", "मध्य प्रदेश", "madhya pradesh", "आंध्र प्रदेश", "andhra pradesh", "अरुणाचल प्रदेश",
     "arunachal pradesh", "पश्चिम बंगाल", "west bengal", "तमिल नाडु", "tamil nadu", "जम्मू कश्मीर", "jammu kashmir")
)  # fmt: skip
FULL_NAME = regex.compile(r"^\p{Lu}\S+(?:\s+\S+)*\s+\p{Lu}\S+$")
LONGEST = 200  # characters of a byline with several names
BEFORE = 500  # elements of a block above the headline that are looked at
BESIDE = regex.compile(r"[|/•·–—,]")


def author_candidates(page: Evidence) -> Iterator[tuple[str, Names]]:
    """Yield ``(rule, names)``: people and agencies first, then a site's own name or an account's."""
    weak: list[tuple[str, Names]] = []
    for rule, texts in _bylines(page):
        names = read_authors(texts, page.language)
        people = tuple(n for n in names if not _is_site(n, page) and not is_generic(n))
        if people:
            yield rule, people
        elif names:
            weak.append((rule, names))
    yield from weak


def _is_site(name: str, page: Evidence) -> bool:
    return letters(name) in page.site_names and not is_agency(name)


def _bylines(page: Evidence) -> Iterator[tuple[str, list[str]]]:
    said = [n for n, _ in structured.names_of(page.article.get("author"), page.index)]
    printed = _printed(page, page.near.head.elements, _before(page))
    if _tells_more(printed, said, page):
        yield "byline", printed
    yield "json-ld:author", said
    creators = structured.names_of(page.article.get("creator"), page.index)
    yield "json-ld:creator", [name for name, _ in creators]
    yield "microdata:author", [_item_name(i) for i in page.items if "author" in i.names]
    yield "byline", printed
    for name in AUTHOR_META:
        yield f"meta:{name}", page.meta.get(name, [])
    yield "byline", _printed(page, page.near.after)
    yield "labelled", _labelled(page)
    yield "beside-date", _beside_date(page)


def _tells_more(printed: list[str], said: list[str], page: Evidence) -> bool:
    """Tell whether printed bylines name all that JSON-LD names, and others too.

    Several in one element must be full names in capitals: "राकेश शर्मा, नई दिल्ली" ends in a place.
    """
    here: set[str] = set()
    for text in printed:
        names = [n for n in read_authors([text], page.language) if not _is_site(n, page)]
        if len(names) == 1 or all(FULL_NAME.match(name) for name in names):
            here.update(name.casefold() for name in names)
    there = {n.casefold() for n in read_authors(said, page.language)}
    return bool(there) and there < here


def _item_name(item: Item) -> str:
    for part in item.element.iter():
        if "name" in (part.get("itemprop") or "").split():
            return clean(part.get("content") or str(part.text_content()))
    return item.value


def _before(page: Evidence) -> Iterator[HtmlElement]:
    for block in page.near.before():
        yield from islice(block.iter(etree.Element), BEFORE)


def _printed(page: Evidence, *places: Iterable[HtmlElement]) -> list[str]:
    """Return bylines marked as such, those nearest to the headline."""
    found: list[tuple[int, str]] = []
    for place in places:
        for element in place:
            if not _is_byline(element):
                continue
            steps = page.near.steps(element)
            text = "|".join(line.text for line in islice(lines_of(element), 12))
            if steps is None or not 0 < len(text) <= LONGEST:
                continue
            if read_authors([text], page.language):
                found.append((steps, text))
    nearest = min((steps for steps, _ in found), default=0)
    return _innermost([text for steps, text in found if steps == nearest])


def _innermost(texts: list[str]) -> list[str]:
    """Drop texts that only wrap another one."""
    return [t for t in texts if not any(o != t and o in t for o in texts)]


def _is_byline(element: HtmlElement) -> bool:
    if "author" in (element.get("rel") or "").split():
        return True
    name = element.get("class")
    if name and _is_byline_name(name):
        return True
    if element.tag != "a" or not AUTHOR_HREF.search(element.get("href") or ""):
        return False
    parent = element.getparent()
    return parent is None or parent.tag != "p" or len(str(parent.text_content())) <= LONGEST


@lru_cache(maxsize=8192)
def _is_byline_name(name: str) -> bool:
    return BYLINE_CLASS.search(name) is not None and NOT_BYLINE.search(name) is None


def _labelled(page: Evidence) -> list[str]:
    """Return the words after a byline's label in the story's head: "By …", "Edited By: …"."""
    for line in page.near.head.lines:
        label = BYLINE_LABEL.search(line.text) if len(line.text) <= 160 else None
        if label and (label.start() == 0 or find_date(line.text, page.language)):
            text = line.text[label.start() :]
            if read_authors([text], page.language):
                return [text]
    return []


def _beside_date(page: Evidence) -> list[str]:
    """Return the words that share a short line with the date: "NAME / PLACE 12 May 2020"."""
    for line in page.near.head.lines:
        if len(line.text) > 120 or line.text.endswith(("।", "?", "!")):
            continue
        span = find_date(line.text, page.language)
        if not span:
            continue
        for rest in (line.text[: span[0]], line.text[span[1] :]):
            part = BESIDE.split(rest.strip(" |/•·–—,-:"))[0].strip()
            if _may_be_name(part):
                return [part]
    return []


def _may_be_name(part: str) -> bool:
    """Tell whether unmarked words look like a name: two to four, capitals where there are any."""
    words = part.split()
    if is_agency(part):
        return True
    if not 2 <= len(words) <= 4 or regex.search(r"\d|[।?!]", part):
        return False
    if part.casefold() in PLACES or UPDATED_WORD.search(part) or PUBLISHED_WORD.search(part):
        return False
    return not any(w[0].islower() or w.casefold() in SENTENCE_WORDS for w in words)
