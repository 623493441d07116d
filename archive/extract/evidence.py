"""All that a page's metadata are read from, each source read once, when first asked for."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from itertools import islice
from urllib.parse import SplitResult, urljoin, urlsplit

import regex
from lxml.html import HtmlElement

from archive.extract import structured
from archive.extract.clock import Clock, clock
from archive.extract.microdata import Item, read_items
from archive.extract.structured import Node, clean, letters
from archive.extract.vicinity import Vicinity, find_headline
from archive.portal import Portal
from archive.text.language import language_of, script_of

SOURCES = ("script", "meta", "link", "title", "time")
ITEM_NAMES = frozenset(("headline", "author", "datePublished", "dateModified", "articleSection"))
STORY_SCOPE = regex.compile(r"(?:Article|Posting|WebPage|CreativeWork|Report)$")
SENTENCE = 60  # characters; a shorter paragraph may be furniture
PARAGRAPHS = 300  # looked at for the sample
SAMPLE = 1500  # characters that settle a page's language


def absolute(base: str, address: str | None) -> str:
    """Return an http(s) address resolved against ``base``, or ""."""
    try:
        found = urljoin(base, (address or "").strip())
        return found if address and urlsplit(found).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def parts_of(address: str) -> SplitResult:
    """Return the parts of an address; of one that is none, empty parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


class Evidence:
    """A page as its metadata rules see it. Reads the tree, changes nothing."""

    def __init__(
        self, tree: HtmlElement, url: str, captured: datetime | None, portal: Portal
    ) -> None:
        self.tree, self.url, self.captured, self.portal = tree, url, captured, portal
        self.elements: dict[str, list[HtmlElement]] = {name: [] for name in SOURCES}
        for element in tree.iter(*SOURCES):
            self.elements[element.tag].append(element)
        self.meta = structured.read_meta(self.elements["meta"])

    def said(self, *names: str) -> str:
        """Return the first content of the first of these meta elements, or ""."""
        return next((self.meta[name][0] for name in names if name in self.meta), "")

    @cached_property
    def title_element(self) -> str:
        """The words of the title element; an svg's title is a picture's."""
        for element in self.elements["title"]:
            if not any(a.tag == "svg" for a in element.iterancestors()):
                return clean(str(element.text_content()))
        return ""

    @cached_property
    def titles(self) -> list[str]:
        """What the page calls itself outside JSON-LD; may hold the site's name."""
        said = (self.said("og:title"), self.said("twitter:title"), self.title_element)
        return [title for title in said if title]

    @cached_property
    def canonical(self) -> str:
        """The absolute address of rel=canonical, or ""."""
        for link in self.elements["link"]:
            if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
                return absolute(self.url, link.get("href"))
        return ""

    @cached_property
    def nodes(self) -> list[Node]:
        """Every JSON-LD object that may stand for the page."""
        return structured.read_json_ld(
            script.text
            for script in self.elements["script"]
            if script.text and "ld+json" in (script.get("type") or "").lower()
        )

    @cached_property
    def index(self) -> dict[str, Node]:
        """JSON-LD objects by @id, for references."""
        return {n["@id"]: n for n in self.nodes if isinstance(n.get("@id"), str) and len(n) > 1}

    @cached_property
    def article(self) -> Node:
        """The JSON-LD object of this story, or an empty one."""
        urls = (self.url, self.canonical, self.said("og:url"))
        return structured.choose_article(self.nodes, urls, self.titles)

    @cached_property
    def items(self) -> list[Item]:
        """Microdata of this story: its own scope, no card's, comment's or picture's."""
        return [
            item
            for item in read_items(self.tree, ITEM_NAMES)
            if (not item.scopes or STORY_SCOPE.search(item.scopes[0]))
            and self.near.steps(item.element) is not None
        ]

    @cached_property
    def site_names(self) -> set[str]:
        """Letters of what the site calls itself: its name is no title, and no author of choice."""
        host = (parts_of(self.url).hostname or "").removeprefix("www.")
        names = [host, host.split(".")[0], self.portal.name]
        names += [*self.meta.get("og:site_name", ()), *self.meta.get("application-name", ())]
        for node in (self.article, *self.nodes):
            types = structured.types_of(node)
            names += [n for n, _ in structured.names_of(node.get("publisher"), self.index)]
            if "WebSite" in types or any(t.endswith("Organization") for t in types):
                names.append(clean(node.get("name")))
        return {n for n in map(letters, names) if n}

    @cached_property
    def near(self) -> Vicinity:
        """The neighbourhood of the printed headline."""
        headline = clean(self.article.get("headline"))
        return Vicinity(
            find_headline(self.tree, [headline, *self.titles] if headline else self.titles)
        )

    @cached_property
    def sample(self) -> str:
        """Enough of the page's words to tell its language and script."""
        words = [line.text[:SAMPLE] for line in self.near.head.lines]
        length = sum(map(len, words))
        for paragraph in islice(self.tree.iter("p"), PARAGRAPHS):
            if length > SAMPLE:
                break
            text = str(paragraph.text_content())
            if len(text) > SENTENCE and self.near.steps(paragraph) is not None:
                words.append(text[:SAMPLE])
                length += len(text)
        return " ".join([*self.titles, self.said("og:description"), *words])

    @cached_property
    def script(self) -> str:
        """The ISO 15924 code of the script of most letters."""
        return script_of(self.sample)

    @cached_property
    def declared(self) -> str:
        """The language that the page declares, as it stands there."""
        root = self.tree.getroottree().getroot()
        given = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        spoken = clean(self.article.get("inLanguage"))
        return given or spoken or self.said("og:locale", "content-language", "language")

    @cached_property
    def language(self) -> str:
        """The language of the page's words; see ``archive.text.language``."""
        return language_of(self.sample, self.declared or self.portal.language)

    @cached_property
    def clock(self) -> Clock:
        """The portal's zone, the page's language and the capture's time."""
        american = self.declared.lower().replace("_", "-").startswith("en-us")
        language = "en-US" if american and self.language == "en" else self.language
        return clock(self.portal.timezone, language, self.captured)
