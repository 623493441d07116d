"""What a news page says of its story: title, authors, dates, section and the rest.

Each field has its rules, best first; the first that gives a value wins and is named in
``Metadata.rules``. The rules are listed in docs/metadata.md. The tree is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urljoin, urlsplit

import regex
from lxml import etree
from lxml.html import HtmlElement

from archive.article import Moment
from archive.extract import structured
from archive.extract.authors import is_agency, is_generic, read_authors
from archive.extract.dates import Clock, clock, date_in_address, find_date, read_moment
from archive.extract.structured import Item, Node, clean, letters, listed
from archive.extract.vicinity import Line, Vicinity, find_headline
from archive.portal import Portal
from archive.text.language import language_of, script_of

ITEM_NAMES = frozenset(("headline", "author", "datePublished", "dateModified", "articleSection"))
SOURCES = ("script", "meta", "link", "title", "time")
PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished",
    "og:published_time", "published_time", "publish_date", "publish-date", "published-date",
    "publication_date", "pubdate", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime",
    "dc.date.issued", "dcterms.created", "dc.date", "dcterms.date", "date", "last-published", "rnews:datepublished",
    "citation_publication_date", "article.published", "displaydate", "timestamp",
)  # fmt: skip
MODIFIED_META = (
    "article:modified_time", "og:updated_time", "article:modified", "datemodified", "article:updated_time",
    "last-modified", "lastmod", "dcterms.modified", "article.updated", "modified_time",
)  # fmt: skip
AUTHOR_META = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "byl", "og:article:author", "citation_author", "authors", "cxenseparse:author", "twitter:data1",
)  # fmt: skip
BYLINE_CLASS = regex.compile(
    r"(?:^|[\s_-])(?:author|authors|byline|by-?line|writer|reporter|posted-?by|posts-author|article__author|"
    r"auther|credit-?name|journalist|story-?by|news-?by|written-?by|post-by|editor-?name)(?:$|[\s_-])"
    r"|author-?name|authorname|author-meta|byAuthor|bylineAuthor|entry-author|post-author",
    regex.I,
)
NOT_BYLINE = regex.compile(
    r"bio|desc|avatar|image|img|photo|pic\b|about|social|share|more|archive|box|comment|follow|widget|"
    r"icon|title|count|date|time",
    regex.I,
)
AUTHOR_HREF = regex.compile(
    r"/(?:authors?|auteurs?|autor(?:en|es)?|profile|reporter|byline|writer|team)s?/[^/]+", regex.I
)
DATE_CLASS = regex.compile(r"date|time|posted|publish|updat|meta|stamp|clock", regex.I)
UPDATED = regex.compile(
    r"updat|modif|अपडेट|अद्यतन|संशोधित|अंतिम संशोधन|सुधार|aktualisiert|mis à jour|actualizado|更新",
    regex.I,
)
PUBLISHED_WORD = regex.compile(
    r"publi|post|प्रकाशित|पब्लिश|first|created|on\b|दिनांक|तारीख|erstellt|ver[öo]ffentlicht", regex.I
)
CATEGORY_CLASS = regex.compile(
    r"cat-links|categor|td-post-category|entry-category|post-cat|section-?name|kicker|mg-blog-category",
    regex.I,
)
CATEGORY_HREF = regex.compile(r"/(?:category|categories|section|topics?)/", regex.I)
CRUMB_CLASS = regex.compile(r"breadcrumb|crumbs?\b|entry-crumb", regex.I)
HOME = frozenset(
    ("home", "homepage", "होम", "मुखपृष्ठ", "मुख्य पृष्ठ", "मुख्यपृष्ठ", "news", "start", "startseite", "»", "हिंदी समाचार",
     "हिन्दी न्यूज़", "हिंदी न्यूज", "hindi news", "uncategorized", "uncategorised", "अवर्गीकृत")
)  # fmt: skip
NO_PICTURE = regex.compile(
    r"logo|placeholder|default[-_.]|favicon|avatar|gravatar|blank\.|spacer|1x1|no-?image|sprite|"
    r"^data:|\.svg(?:$|\?)",
    regex.I,
)
SITE_JOIN = regex.compile(r"\s+[|–—·•»:\-]+\s+|\s*[|»]\s*|\s*[-–—]\s+(?=\S)")
MAX_KEYWORDS = 12  # a longer keyword list is for search engines, not for readers


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of its story. Empty values are "", () and None.

    ``authors`` as printed. ``language`` is the first part of a BCP 47 tag, ``script`` an ISO 15924
    code. ``image`` and ``canonical_url`` are absolute. ``rules[field]`` names the rule that won;
    a field without a value has none.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    published: Moment | None = None
    modified: Moment | None = None
    section: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    description: str = ""
    language: str = ""
    script: str = ""
    canonical_url: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)


def read_metadata(
    tree: HtmlElement,
    *,
    url: str,
    captured: datetime | None = None,
    portal: Portal = Portal(),
) -> Metadata:
    """Return what the page says of its story; never changes the tree, never raises on a bad page.

    ``url`` is the address it was captured at; ``captured`` the time of that (naive means UTC),
    without which no relative time is read. Dates that name no zone are in ``portal.timezone``.
    """
    page = _Page(tree, url, captured, portal)
    values: dict[str, object] = {}
    rules: dict[str, str] = {}
    for name, candidates in FIELDS.items():
        for rule, value in _tried(candidates, page):
            if value:
                values[name], rules[name] = value, rule
                break
    if (moment := values.get("published")) and isinstance(moment, Moment):
        rules["published"] = moment.source
    if (moment := values.get("modified")) and isinstance(moment, Moment):
        rules["modified"] = moment.source
    return Metadata(**values, rules=rules)  # type: ignore[arg-type]


def _tried(
    candidates: Callable[[_Page], Iterator[tuple[str, object]]], page: _Page
) -> Iterator[tuple[str, object]]:
    """Yield a field's candidates; what a page breaks ends its field, not the page."""
    try:
        yield from candidates(page)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return


class _Page:
    """What the fields are read from: each source is read once, when first asked for."""

    def __init__(
        self, tree: HtmlElement, url: str, captured: datetime | None, portal: Portal
    ) -> None:
        self.tree, self.url, self.captured, self.portal = tree, url, captured, portal
        self.elements: dict[str, list[HtmlElement]] = {name: [] for name in SOURCES}
        for element in tree.iter(*SOURCES):
            self.elements[element.tag].append(element)
        self.meta = structured.read_meta(self.elements["meta"])

    def first(self, *names: str) -> tuple[str, str]:
        """Return the first meta element's name and content among ``names``."""
        for name in names:
            for content in self.meta.get(name, ()):
                return name, content
        return "", ""

    @cached_property
    def title_element(self) -> str:
        for element in self.elements["title"]:
            if any(a.tag == "svg" for a in element.iterancestors()):
                continue
            return clean(str(element.text_content()))
        return ""

    @cached_property
    def canonical(self) -> str:
        for link in self.elements["link"]:
            if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
                return _absolute(self.url, link.get("href"))
        return ""

    @cached_property
    def nodes(self) -> list[Node]:
        sources = (
            script.text
            for script in self.elements["script"]
            if script.text and "ld+json" in (script.get("type") or "").lower()
        )
        return structured.read_json_ld(sources)

    @cached_property
    def index(self) -> dict[str, Node]:
        return {n["@id"]: n for n in self.nodes if isinstance(n.get("@id"), str) and len(n) > 1}

    @cached_property
    def titles(self) -> list[str]:
        return [
            t
            for t in (
                *self.meta.get("og:title", ())[:1],
                *self.meta.get("twitter:title", ())[:1],
                self.title_element,
            )
            if t
        ]

    @cached_property
    def article(self) -> Node:
        og = self.meta.get("og:url", [""])[0]
        return structured.choose_article(self.nodes, (self.url, self.canonical, og), self.titles)

    @cached_property
    def items(self) -> list[Item]:
        def ours(item: Item) -> bool:
            article = [s for s in item.scopes if structured.ARTICLE_TYPE.search(s)]
            return (bool(article) or not item.scopes) and self.near.steps(item.element) is not None

        return [i for i in structured.read_items(self.tree, ITEM_NAMES) if ours(i)]

    @cached_property
    def site_names(self) -> set[str]:
        """Return letters of what the site calls itself: its name is no author and no title."""
        names = [
            *self.meta.get("og:site_name", ()),
            *self.meta.get("application-name", ()),
            self.portal.name,
        ]
        for node in (self.article, *self.nodes):
            if node is self.article or {"WebSite", "NewsMediaOrganization", "Organization"} & set(
                structured.types_of(node)
            ):
                names += [n for n, _ in structured.names_of(node.get("publisher"), self.index)]
            if "WebSite" in structured.types_of(node):
                names.append(clean(node.get("name")))
        host = urlsplit(self.url).hostname or ""
        names += [host.removeprefix("www."), host.removeprefix("www.").split(".")[0]]
        return {n for n in map(letters, names) if n}

    @cached_property
    def near(self) -> Vicinity:
        headline = clean(self.article.get("headline"))
        return Vicinity(find_headline(self.tree, [*([headline] if headline else []), *self.titles]))

    @cached_property
    def head_lines(self) -> list[Line]:
        return self.near.head_lines()

    @cached_property
    def sample(self) -> str:
        """Return enough of the page's words to tell its language."""
        words, length = [*self.titles, *self.meta.get("og:description", ())], 0
        for paragraph in self.tree.iter("p"):
            text = str(paragraph.text_content())
            words.append(text)
            length += len(text)
            if length > 1500:
                break
        if length < 200 and self.near.headline is not None:
            words += [line.text for line in self.near._lines()][:40]
        return " ".join(words)

    @cached_property
    def declared(self) -> str:
        root = self.tree.getroottree().getroot()
        declared = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        spoken = clean(self.article.get("inLanguage"))
        return declared or spoken or self.first("og:locale", "content-language", "language")[1]

    @cached_property
    def language(self) -> str:
        return language_of(self.sample, self.declared or self.portal.language)

    @cached_property
    def clock(self) -> Clock:
        language = self.language
        if language == "en" and self.declared.lower().replace("_", "-").startswith("en-us"):
            language = "en-US"
        return clock(self.portal.timezone, language, self.captured)


def _absolute(base: str, address: str | None) -> str:
    try:
        found = urljoin(base, (address or "").strip())
        return found if urlsplit(found).scheme in ("http", "https") else ""
    except ValueError:
        return ""


# -- title ---------------------------------------------------------------------------------------


def _titles(page: _Page) -> Iterator[tuple[str, str]]:
    h1 = page.near.headline
    headline = clean(page.article.get("headline"))
    printed = clean(str(h1.text_content())) if h1 is not None else ""
    said = [t for t in (headline, *page.titles) if t]
    if printed and any(_contains(s, printed) for s in said):
        yield "h1", printed
    yield "json-ld:headline", headline
    for item in page.items:
        if "headline" in item.names:
            yield "microdata:headline", item.value
    for name in ("og:title", "twitter:title"):
        for value in page.meta.get(name, ())[:1]:
            yield name, without_site(value, page.site_names)
    yield "h1", printed
    yield "title", without_site(page.title_element, page.site_names)


def _contains(said: str, printed: str) -> bool:
    one, other = letters(said), letters(printed)
    return bool(other) and (other in one or one in other) and len(one) <= 4 * len(other)


def without_site(title: str, site_names: Iterable[str]) -> str:
    """Return ``title`` without the site's name at either end, or a section between them.

    ``site_names`` are folded by ``structured.letters``.
    """
    names = set(site_names)
    cuts = list(SITE_JOIN.finditer(title))
    for cut in cuts:
        tail = letters(title[cut.end() :])
        if tail in names or any(
            len(n) > 3 and tail.endswith(n) and len(tail) < 2 * len(n) for n in names
        ):
            return title[: cut.start()].strip()
    if cuts and letters(title[: cuts[0].start()]) in names:
        return title[cuts[0].end() :].strip()
    return title


# -- authors -------------------------------------------------------------------------------------


def _authors(page: _Page) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield names of people and agencies first; a site's own name or an account's last."""
    weak: list[tuple[str, tuple[str, ...]]] = []
    for rule, texts in _bylines(page):
        names = read_authors(texts, page.language)
        people = tuple(n for n in names if not _is_site(n, page) and not is_generic(n))
        if people:
            yield rule, people
        elif names:
            weak.append((rule, names))
    yield from weak


def _is_site(name: str, page: _Page) -> bool:
    return letters(name) in page.site_names and not is_agency(name)


def _bylines(page: _Page) -> Iterator[tuple[str, list[str]]]:
    named = structured.names_of(page.article.get("author"), page.index)
    yield "json-ld:author", [name for name, _ in named]
    creators = structured.names_of(page.article.get("creator"), page.index)
    yield "json-ld:creator", [name for name, _ in creators]
    yield "microdata:author", [_item_name(i) for i in page.items if "author" in i.names]
    printed = _printed_bylines(page)
    yield "byline", printed
    for name in AUTHOR_META:
        yield f"meta:{name}", page.meta.get(name, [])
    yield "dateline", _beside_date(page)


def _item_name(item: Item) -> str:
    for part in item.element.iter():
        if "name" in (part.get("itemprop") or "").split():
            return clean(part.get("content") or str(part.text_content()))
    return item.value


def _printed_bylines(page: _Page) -> list[str]:
    """Return bylines marked as such, those nearest to the headline."""
    found: list[tuple[int, str]] = []
    for element in _around(page.near):
        if not _is_byline(element):
            continue
        steps = page.near.steps(element)
        text = clean(str(element.text_content()))
        if steps is None or not text or len(text) > 200:
            continue
        if any(read_authors([text], page.language)):
            found.append((steps, text))
    if not found:
        return []
    nearest = min(steps for steps, _ in found)
    texts = [text for steps, text in found if steps == nearest]
    return _innermost(texts)


def _innermost(texts: list[str]) -> list[str]:
    """Drop texts that only wrap another one."""
    return [t for t in texts if not any(o != t and o in t for o in texts)]


def _is_byline(element: HtmlElement) -> bool:
    if "author" in (element.get("rel") or "").split():
        return True
    name = element.get("class") or ""
    if BYLINE_CLASS.search(name) and not NOT_BYLINE.search(name):
        return True
    return element.tag == "a" and AUTHOR_HREF.search(element.get("href") or "") is not None


def _around(near: Vicinity) -> Iterator[HtmlElement]:
    for block in near.before():
        yield from block.iter(etree.Element)
    for count, element in enumerate(near.after()):
        if count > 1500:
            return
        yield element


def _beside_date(page: _Page) -> list[str]:
    """Return the words that share a short line with the date: "NAME / PLACE 12 May 2020"."""
    for line in page.head_lines:
        span = find_date(line.text, page.language)
        if not span or len(line.text) > 120:
            continue
        for rest in (line.text[: span[0]], line.text[span[1] :]):
            part = regex.split(r"[|/•·–—,]", rest.strip(" |/•·–—,-:"))[0].strip()
            if (
                1 < len(part.split()) <= 4
                and not UPDATED.search(part)
                and not PUBLISHED_WORD.search(part)
            ):
                return [part]
    return []


# -- dates ---------------------------------------------------------------------------------------


def _published(page: _Page) -> Iterator[tuple[str, Moment | None]]:
    for moment in _published_all(page):
        yield moment.source, moment


def _published_all(page: _Page) -> Iterator[Moment]:
    months: list[Moment] = []
    for source, text in _published_texts(page):
        moment = read_moment(text, page.clock, source)
        if moment is None:
            continue
        if moment.precision == "month":
            months.append(moment)
            continue
        yield moment
    for address in (page.url, page.canonical):
        moment = date_in_address(address, page.clock)
        if moment is not None:
            months.append(moment)
    yield from (m for m in months if m.precision != "month")
    yield from months


def _published_texts(page: _Page) -> Iterator[tuple[str, str]]:
    for key in ("datePublished", "dateCreated", "uploadDate"):
        yield f"json-ld:{key}", clean(page.article.get(key))
    for name in PUBLISHED_META[:4]:
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", content
    for item in page.items:
        if "datePublished" in item.names:
            yield "microdata:datePublished", item.value
    for name in PUBLISHED_META[4:]:
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", content
    yield from _times(page, updated=False)
    yield from ((source, text) for source, text, updated in _visible(page) if not updated)
    yield from _times(page, updated=True)
    yield from ((source, text) for source, text, updated in _visible(page) if updated)


def _times(page: _Page, *, updated: bool) -> Iterator[tuple[str, str]]:
    """Yield time elements nearest the headline first; those marked as updates apart."""
    found = []
    for element in page.elements["time"]:
        steps = page.near.steps(element)
        value = element.get("datetime") or clean(str(element.text_content()))
        if steps is None or not value:
            continue
        if _is_update(element) == updated:
            found.append((steps, value))
    found.sort(key=lambda pair: pair[0])
    yield from (("time", value) for _, value in found)


def _is_update(element: HtmlElement) -> bool:
    names = element.get("class") or ""
    if "published" in names.split() or "entry-date" in names.split():
        return False
    parent = element.getparent()
    around = f"{names} {element.get('itemprop') or ''}"
    if parent is not None:
        around += f" {parent.get('class') or ''} {parent.text or ''}"
    return UPDATED.search(around) is not None


def _visible(page: _Page) -> Iterator[tuple[str, str, bool]]:
    """Yield printed dates of the story's head, then those just above the headline."""
    for line in page.head_lines:
        yield from _dates_of(line.text)
    for block in page.near.before():
        text = clean(str(block.text_content()))
        if len(text) < 160:
            yield from _dates_of(text)


def _dates_of(text: str) -> Iterator[tuple[str, str, bool]]:
    update = UPDATED.search(text)
    if not update:
        yield "visible", text, False
        return
    publish = PUBLISHED_WORD.search(text)
    if publish and publish.start() < update.start():
        yield "visible", text[: update.start()], False
        yield "visible", text[update.start() :], True
    elif publish:
        yield "visible", text[publish.start() :], False
        yield "visible", text[: publish.start()], True
    else:
        yield "visible", text, True


def _modified(page: _Page) -> Iterator[tuple[str, Moment | None]]:
    for source, text in _modified_texts(page):
        yield source, read_moment(text, page.clock, source)


def _modified_texts(page: _Page) -> Iterator[tuple[str, str]]:
    yield "json-ld:dateModified", clean(page.article.get("dateModified"))
    for name in MODIFIED_META:
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", content
    for item in page.items:
        if "dateModified" in item.names:
            yield "microdata:dateModified", item.value
    yield from _times(page, updated=True)
    yield from ((source, text) for source, text, updated in _visible(page) if updated)


# -- section, tags -------------------------------------------------------------------------------


def _sections(page: _Page) -> Iterator[tuple[str, str]]:
    for value in listed(page.article.get("articleSection")):
        yield "json-ld:articleSection", _named(clean(value))
    for content in page.meta.get("article:section", ()):
        yield "meta:article:section", _named(content)
    yield "category-link", _category_link(page)
    crumbs = structured.crumbs_of(page.nodes)
    yield "json-ld:breadcrumb", _crumb(crumbs, page)
    yield "breadcrumb", _crumb(_printed_crumbs(page), page)
    for item in page.items:
        if "articleSection" in item.names:
            yield "microdata:articleSection", _named(item.value)
    for name in ("section", "cxenseparse:category", "parsely-section", "category"):
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", _named(content)


def _named(section: str) -> str:
    return "" if section.casefold() in HOME or len(section) > 60 else section


def _category_link(page: _Page) -> str:
    found: list[tuple[int, str]] = []
    for element in _around(page.near):
        if element.tag != "a":
            continue
        parents = [element, *list(element.iterancestors())[:3]]
        marked = "category" in (element.get("rel") or "") or any(
            CATEGORY_CLASS.search(p.get("class") or "")
            for p in parents
            if p.tag != "body" and p.tag != "article"
        )
        if not marked and not CATEGORY_HREF.search(element.get("href") or ""):
            continue
        steps = page.near.steps(element)
        text = _named(clean(str(element.text_content())))
        if steps is not None and text:
            found.append((steps, text))
    return min(found, key=lambda pair: pair[0])[1] if found else ""


def _printed_crumbs(page: _Page) -> list[tuple[str, str]]:
    for block in page.tree.iter("div", "ul", "ol", "nav", "p", "section"):
        name = f"{block.get('class') or ''} {block.get('id') or ''} {block.get('aria-label') or ''}"
        if len(name) > 2 and CRUMB_CLASS.search(name):
            links = [(clean(str(a.text_content())), a.get("href") or "") for a in block.iter("a")]
            return [link for link in links if link[0]]
    return []


def _crumb(crumbs: list[tuple[str, str]], page: _Page) -> str:
    """Return the last step that is neither home nor the story itself."""
    titles = [letters(t) for t in page.titles]
    own = {structured.address_key(u) for u in (page.url, page.canonical) if u}
    for name, address in reversed(crumbs):
        if address and structured.address_key(urljoin(page.url, address)) in own:
            continue
        if any(letters(name) and letters(name) in t and len(letters(name)) > 15 for t in titles):
            continue
        if _named(name) and letters(name) not in page.site_names:
            return name
    return ""


def _tags(page: _Page) -> Iterator[tuple[str, tuple[str, ...]]]:
    links = []
    for link in structured.related_links(page.tree):
        words = (link.get("rel") or "").lower().split()
        if "tag" in words and "category" not in words and page.near.steps(link) is not None:
            links.append(clean(str(link.text_content())))
    yield "rel=tag", _unique(links)
    yield "meta:article:tag", _unique(page.meta.get("article:tag", []))
    yield "json-ld:keywords", _keywords(page.article.get("keywords"))
    for name in ("news_keywords", "keywords", "parsely-tags", "sailthru.tags"):
        yield f"meta:{name}", _keywords(page.meta.get(name))


def _keywords(value: object) -> tuple[str, ...]:
    texts = [clean(v) for v in listed(value)]
    if len(texts) == 1:
        texts = [t.strip() for t in regex.split(r"[,;،]", texts[0])]
    found = _unique(t for t in texts if len(t) <= 50 and ":" not in t)
    return found if len(found) <= MAX_KEYWORDS else ()


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.strip("#,| ") for t in texts if t.strip("#,| ")))


# -- image, description, language, address ---------------------------------------------------------


def _images(page: _Page) -> Iterator[tuple[str, str]]:
    for name in ("og:image:secure_url", "og:image", "og:image:url"):
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", _picture(page, content)
    yield (
        "json-ld:image",
        _picture(page, structured.address_of(page.article.get("image"), page.index)),
    )
    for name in ("twitter:image", "twitter:image:src", "image"):
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", _picture(page, content)
    for image in page.tree.iter("img"):
        if "wp-post-image" in (image.get("class") or "") and page.near.steps(image) is not None:
            yield "wp-post-image", _picture(page, image.get("data-src") or image.get("src") or "")


def _picture(page: _Page, address: str) -> str:
    return "" if not address or NO_PICTURE.search(address) else _absolute(page.url, address)


def _descriptions(page: _Page) -> Iterator[tuple[str, str]]:
    for name in ("og:description", "description", "twitter:description"):
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", content
    yield "json-ld:description", clean(page.article.get("description"))


def _languages(page: _Page) -> Iterator[tuple[str, str]]:
    said = page.declared.lower().startswith(page.language) if page.language else False
    yield ("declared" if said else "text"), page.language


def _scripts(page: _Page) -> Iterator[tuple[str, str]]:
    yield "text", script_of(page.sample)


def _canonicals(page: _Page) -> Iterator[tuple[str, str]]:
    """Yield the page's own address; a "canonical" home page on a story is a theme's mistake."""
    deep = len(urlsplit(page.url).path.strip("/")) > 1
    for rule, address in (
        ("link:canonical", page.canonical),
        (
            "meta:og:url",
            _absolute(page.url, page.first("og:url")[1]) if page.first("og:url")[1] else "",
        ),
    ):
        parts = urlsplit(address)
        if address and not (deep and not parts.path.strip("/") and not parts.query):
            yield rule, address


FIELDS: dict[str, Callable[[_Page], Iterator[tuple[str, object]]]] = {
    "title": _titles,
    "authors": _authors,
    "published": _published,
    "modified": _modified,
    "section": _sections,
    "tags": _tags,
    "image": _images,
    "description": _descriptions,
    "language": _languages,
    "script": _scripts,
    "canonical_url": _canonicals,
}
