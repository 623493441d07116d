"""What a story is filed under: its section, and its tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import cast
from urllib.parse import urljoin

import regex
from lxml import etree
from lxml.html import HtmlElement

from archive.extract import structured
from archive.extract.evidence import Evidence
from archive.extract.structured import clean, letters, listed

TAG_LINKS = etree.XPath("//a[contains(@rel, 'tag')]")
CRUMBS = etree.XPath(
    "//*[self::div or self::ul or self::ol or self::nav or self::p or self::section]"
    "[contains(@class, 'crumb') or contains(@id, 'crumb') or contains(@aria-label, 'readcrumb')]"
)
TAGGED = etree.XPath("//*[contains(@class, 'tag')]")
CATEGORY_CLASS = regex.compile(
    r"cat-links|categor|td-post-category|entry-category|post-cat|section-?name|kicker", regex.I
)
CATEGORY_HREF = regex.compile(r"/(?:category|categories|section)/|[?&]cat=\d", regex.I)
TAG_HREF = regex.compile(r"/tags?/|[?&]tag=", regex.I)
# What WordPress's post_class() writes: there "category-himachal" is a fact of the whole post.
POST_CLASS = regex.compile(r"(?:^|\s)(?:hentry|type-post)(?:$|\s)")
TAGS_CLASS = regex.compile(
    r"(?:^|[\s_-])(?:tags?-links|post-tags?|entry-tags?|article-tags?|story-tags?|td-post-source-tags|"
    r"post-tag-links|tags?-list|tagcloud-single|taxonomy-post_tag|tags)(?:$|[\s_-])",
    regex.I,
)
TAGS_LABEL = regex.compile(
    r"^\s*(?:tags?|topics?|टैग्स?|विषय|related topics?)\s*[:\-–|]?\s*", regex.I
)
TAG_SPLIT = regex.compile(r"\s*[,;،|]\s*")
# Steps of a breadcrumb, and WordPress's name for "none", that file a story nowhere.
HOME = frozenset(
    ("home", "homepage", "होम", "मुखपृष्ठ", "मुख्य पृष्ठ", "मुख्यपृष्ठ", "news", "start", "startseite", "»", "›",
     "हिंदी समाचार", "हिन्दी न्यूज़", "हिंदी न्यूज", "हिंदी न्यूज़", "hindi news", "uncategorized", "uncategorised",
     "अवर्गीकृत", "बिना श्रेणी")
)  # fmt: skip
SECTION_META = ("section", "cxenseparse:category", "parsely-section", "category")
KEYWORD_META = ("news_keywords", "keywords", "parsely-tags", "sailthru.tags")
SEVERAL = regex.compile(r",\S|,.*,")
MOST = 300  # marked elements looked at; a hostile page has a million
MAX_KEYWORDS = 12  # a longer keyword list is for search engines, not for readers


def section_candidates(page: Evidence) -> Iterator[tuple[str, str]]:
    """Yield ``(rule, section)``, best first."""
    for value in listed(page.article.get("articleSection")):
        yield "json-ld:articleSection", _first(clean(value))
    for content in page.meta.get("article:section", ()):
        yield "meta:article:section", _first(content)
    yield "category-link", _category_link(page, _head(page))
    yield "json-ld:breadcrumb", _last_step(structured.crumbs_of(page.nodes), page)
    yield "breadcrumb", _last_step(_printed_crumbs(page), page)
    yield "category-link", _category_link(page, page.near.after)
    for item in page.items:
        if "articleSection" in item.names:
            yield "microdata:articleSection", _named(item.value)
    for name in SECTION_META:
        yield f"meta:{name}", _named(page.said(name))


def _first(sections: str) -> str:
    """Return the first of sections joined by bare commas; "Arts, Culture" is one name."""
    return _named(sections.split(",", 1)[0] if SEVERAL.search(sections) else sections)


def _named(section: str) -> str:
    short = len(section) <= 60 and len(section.split()) <= 6
    return section if short and "://" not in section and section.casefold() not in HOME else ""


def _category_link(page: Evidence, place: Iterable[HtmlElement]) -> str:
    """Return the category printed nearest to the headline among the links of ``place``."""
    titles = {letters(t) for t in page.titles}
    found = [
        (steps, text)
        for link in place
        if link.tag == "a" and _is_category(link)
        if (text := _named(clean(str(link.text_content()))))
        if (steps := page.near.steps(link)) is not None
        if letters(text) not in titles
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else ""


def _head(page: Evidence) -> Iterator[HtmlElement]:
    yield from page.near.head.elements
    for block in page.near.before():
        yield from islice(block.iter("a"), MOST)


def _is_category(link: HtmlElement) -> bool:
    """Tell whether a link leads to a category: its rel and address tell before the blocks it is in.

    WordPress's block themes give ``rel="tag"`` to links of any taxonomy, in a block whose class
    names it: ``taxonomy-category``.
    """
    address = link.get("href") or ""
    if "category" in (link.get("rel") or "") or CATEGORY_HREF.search(address):
        return True
    if TAG_HREF.search(address):
        return False
    element: HtmlElement | None = link
    for _ in range(4):
        if element is None or element.tag in ("body", "article", "main"):
            return False
        name = element.get("class")
        if name and (kind := _kind_of_block(name)):
            return kind == "category"
        element = element.getparent()
    return False


@lru_cache(maxsize=8192)
def _kind_of_block(name: str) -> str:
    """Return what a class says that a block holds: "post", "tags", "category", or ""."""
    if POST_CLASS.search(name):
        return "post"
    if _is_tags_name(name):
        return "tags"
    return "category" if CATEGORY_CLASS.search(name) else ""


def _printed_crumbs(page: Evidence) -> list[tuple[str, str]]:
    for block in cast("list[HtmlElement]", CRUMBS(page.tree))[:MOST]:
        links = [(clean(str(a.text_content())), a.get("href") or "") for a in block.iter("a")]
        if any(name for name, _ in links):
            return [link for link in links if link[0]]
    return []


def _last_step(crumbs: list[tuple[str, str]], page: Evidence) -> str:
    """Return the last step that is neither home nor the story itself."""
    titles = [letters(t) for t in page.titles]
    own = {structured.address_key(u) for u in (page.url, page.canonical) if u}
    for name, address in reversed(crumbs):
        if address and structured.address_key(urljoin(page.url, address)) in own:
            continue
        folded = letters(name)
        if len(folded) > 15 and any(folded in t for t in titles):
            continue
        if _named(name) and folded not in page.site_names:
            return name
    return ""


def tag_candidates(page: Evidence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield ``(rule, tags)``: what the page prints first, what it tells search engines last."""
    yield "rel=tag", _linked_tags(page)
    yield "meta:article:tag", _separated(page.meta.get("article:tag", []))
    yield "json-ld:keywords", _keywords(page.article.get("keywords"))
    yield "printed", _printed_tags(page)
    for name in KEYWORD_META:
        yield f"meta:{name}", _keywords(page.meta.get(name))


def _linked_tags(page: Evidence) -> tuple[str, ...]:
    """Return the rel=tag links that stand together nearest to the headline."""
    links: dict[int, list[str]] = {}
    seen = 0
    for link in cast("list[HtmlElement]", TAG_LINKS(page.tree)):
        if "tag" in (link.get("rel") or "").lower().split() and not _is_category(link):
            seen += 1
            if seen > MOST:
                break
            steps = page.near.steps(link)
            if steps is not None:
                links.setdefault(steps, []).append(clean(str(link.text_content())))
    return _unique(links[min(links)]) if links else ()


def _printed_tags(page: Evidence) -> tuple[str, ...]:
    """Return the tags of a block classed so, links or words after a "Tags:" label."""
    for element in cast("list[HtmlElement]", TAGGED(page.tree))[:MOST]:
        if not _is_tags_name(element.get("class") or "") or page.near.steps(element) is None:
            continue
        links = [clean(str(a.text_content())) for a in element.iter("a")]
        text = TAGS_LABEL.sub("", clean(str(element.text_content())))
        found = _unique(links if any(links) else TAG_SPLIT.split(text))
        if found and all(len(t) <= 60 for t in found):
            return found
    return ()


@lru_cache(maxsize=8192)
def _is_tags_name(name: str) -> bool:
    return TAGS_CLASS.search(name) is not None


def _keywords(value: object) -> tuple[str, ...]:
    texts = _unique(tag for v in listed(value) for tag in TAG_SPLIT.split(clean(v)))
    found = tuple(t for t in texts if len(t) <= 50 and ":" not in t)
    return found if len(found) <= MAX_KEYWORDS else ()


def _separated(texts: list[str]) -> tuple[str, ...]:
    """Return several tags as they are, and one text of several split at its commas."""
    return _unique(TAG_SPLIT.split(texts[0]) if len(texts) == 1 else texts)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.strip("#,| ") for t in texts if t.strip("#,| ")))
