"""What part of a page an element is: related stories, comments, menus, share bars and the rest.

The names that page builders give (class, id, role) are one witness, the words of a block's own
heading are another. A block is only marked here: ``furniture`` takes it out of the tree,
``archive.links.page`` turns its links into typed links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from lxml.html import HtmlElement

from archive.extract.labels import is_label


class Part(StrEnum):
    """What a block is, in one word."""

    RELATED = "related"
    ADJACENT = "adjacent"
    PAGES = "pages"
    COMMENTS = "comments"
    NAVIGATION = "navigation"
    SIDEBAR = "sidebar"
    FOOTER = "footer"
    SHARE = "share"
    AUTHOR = "author"
    NEWSLETTER = "newsletter"
    TAGS = "tags"
    META = "meta"
    ADVERT = "advert"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Block:
    """One marked element. ``why`` is the witness: a rule's name and the words it saw."""

    element: HtmlElement
    part: Part
    why: str


def _names(*alternatives: str) -> re.Pattern[str]:
    """Compile names that must begin where a word of a class or id begins."""
    return re.compile(r"(?:^|[\s_:.-])(?:" + "|".join(alternatives) + ")")


# In order of precedence. Names are compared in lower case with camelCase split by hyphens.
_PARTS: tuple[tuple[Part, re.Pattern[str]], ...] = (
    # "reated" is how CoverNews and Newsphere spell it.
    (Part.RELATED, _names(
        r"re?l?ated(?!-to)", "recommend", "recirc", "more-?stor", "more-?news", "more-?from", "more-?on(?:-|$)",
        "more-?articles", "more-?posts", "also-?(?:like|read)", "read-?(?:also|next|on)(?:\\b|_)", "you-?may", "might-?like",
        "yarpp", "outbrain", "taboola", "mgid", "zergnet", "dianomi", "trending", "popular", "most-?(?:read|popular|viewed|shared|commented)",
        "latest-?(?:news|posts|stor|articles)", "recent-?(?:posts|news|stor|articles)", "must-?read", "next-?(?:story|stories|article|up)",
        "up-?next", "check-?also", "suggested", "similar-?(?:posts|news|stor|articles)", "other-?(?:stor|news|articles|posts)",
        "top-?stories", "editors?-?picks?", "in-?case-?you-?missed", "crp_related", "wp_rp", "rpwe", "essb-?related", "inline-?related",
    )),
    (Part.COMMENTS, _names("comments?(?:-|_|$|\\s)(?!ary)", "comments?-?(?:list|area|section|form|wrap|box|block)", "comment-?respond", "respond$", "disqus", "fb-comments", "viafoura", "coral-", "spot-im", "livefyre", "replies", "reader-comments", "discussion")),
    (Part.ADJACENT, _names("post-?nav(?!bar)", "nav-?(?:links|previous|next|single|below|above)$", "nav-?(?:links|single|below|above)\\b", "post-?navigation", "(?:prev|previous)-?(?:next|post|article)", "next-?prev", "adjacent", "single-?nav", "next-?post", "pagination-single")),
    (Part.PAGES, _names("page-?links?$", "post-?page-?numbers", "pagination", "pager$", "wp-pagenavi", "nav-pages")),
    (Part.SHARE, _names("share(?!d-|holder|s-)", "sharing", "sharedaddy", "social", "addtoany", "a2a_", "addthis", "sd-", "jp-post-flair", "heateor", "ssba", "mashsb", "essb", "follow-?(?:us|me|on)", "whatsapp", "tweet-?(?:button|this)", "like-?box")),
    (Part.NEWSLETTER, _names("newsletter", "subscri(?!bers?-only)", "mc4wp", "mailchimp", "sign-?up", "signup", "email-?(?:signup|form|capture)", "cta(?:-|_|$)", "donat", "support-us", "app-?(?:promo|download|banner)", "opt-?in")),
    (Part.AUTHOR, _names("author-?(?:box|bio|info|card|desc|profile|details|section|block|container|area|avatar)", "about-?(?:the-?)?author", "abh_box", "saboxplugin", "post-?author-?(?:box|bio|info)", "written-?by", "m-a-box", "pp-multiple-authors", "molongui", "contributor")),
    (Part.TAGS, _names("tags?-?(?:links|list|cloud|wrap|box|container|area|s)?(?:$|\\s)", "post-?tags", "entry-?tags", "article-?tags", "tagcloud", "topics?-?(?:list|tags)?(?:$|\\s)", "keywords", "cat-links", "post-?categor", "entry-?categor")),
    (Part.META, _names("entry-?meta", "post-?meta", "article-?meta", "meta-?(?:info|data)", "byline", "dateline-?(?:date|time)", "posted-?on", "reading-?time", "min-?read", "breadcrumb", "crumbs", "entry-?footer", "post-?(?:bottom|footer)-?meta", "timestamp", "post-?views", "view-?count", "jp-?likes", "print-?(?:button|link)")),
    (Part.NAVIGATION, _names("(?:main|site|primary|top|mobile|header|global|sub|mega)-?(?:nav|menu)", "nav-?(?:bar|menu|bar)", "navigation", "menu(?:-|$|\\s)", "skip-link", "masthead", "site-header", "off-?canvas", "hamburger", "ticker", "breaking-?news")),
    (Part.SIDEBAR, _names("side-?bar", "secondary$", "widget-?area", "widget_", "right-?rail", "right-?col(?:umn)?$", "rail$")),
    (Part.FOOTER, _names("site-?footer", "(?:page|global|main)-?footer", "footer$", "footer-?(?:widgets?|bottom|area|nav|links|menu|wrap|container)", "copyright", "colophon", "site-info", "back-to-top", "scroll-?top")),
    (Part.ADVERT, _names("ads?(?:-|_|$|\\s|\\d)", "advert", "adsbygoogle", "adsense", "dfp", "google-?ad", "sponsor", "promo(?:-|_|$|tion-?box)", "banner-?(?:ad|promo)", "gpt-", "teads", "brandpost", "paywall-?(?:promo|offer)", "cookie", "consent", "gdpr", "popup", "modal", "lightbox-?(?:overlay|close)", "notification", "push-")),
    (Part.HIDDEN, _names("screen-reader-text", "sr-only", "visually-?hidden", "visuallyhidden", "print-?only", "noprint")),
)  # fmt: skip

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ROLES = {"navigation": Part.NAVIGATION, "complementary": Part.SIDEBAR, "contentinfo": Part.FOOTER, "search": Part.NAVIGATION, "dialog": Part.ADVERT, "banner": Part.NAVIGATION}  # fmt: skip
_TAGS = {"nav": Part.NAVIGATION, "aside": Part.SIDEBAR, "dialog": Part.ADVERT}
_CONTAINERS = frozenset(
    [
        "div",
        "section",
        "aside",
        "dialog",
        "ul",
        "ol",
        "nav",
        "p",
        "span",
        "header",
        "footer",
        "figure",
        "table",
        "dl",
        "form",
        "li",
        "article",
        "h2",
        "h3",
        "h4",
        "h5",
        "details",
        "a",
        "button",
        "small",
        "em",
        "strong",
        "amp-embed",
    ]
)
_WHOLE = frozenset(("html", "body", "main", "head"))

# What holds a story's text, by the names that page builders give.
ROOT = re.compile(
    r"(?:^|[\s_:.-])(?:(?:entry|post|article|story|single|news|blog|page|main|art|text|detail|td-post|field|content)-?_?-?(?:content|body|text|detail|details|copy|entry|full)(?:$|[\s_-])"
    r"|article-?body|articlebody|story-?body|body-?(?:text|copy|content)|fulltext|wysiwyg|postcontent|articlecontent|article__content|article__body|storytext|entry$)"
)


@lru_cache(maxsize=20_000)
def named(names: str) -> tuple[Part, str] | None:
    """Return the part that ``names`` (an element's class and id) tell, with the word that did."""
    plain = _CAMEL.sub("-", names).lower()
    for part, pattern in _PARTS:
        if found := pattern.search(plain):
            return part, found.group().strip(" -_:.")
    return None


@lru_cache(maxsize=20_000)
def is_root_name(names: str) -> bool:
    """Tell whether ``names`` are those of an element that holds a story's text."""
    return bool(ROOT.search(_CAMEL.sub("-", names).lower()))


def find_blocks(tree: HtmlElement) -> list[Block]:
    """Return the blocks of the page in document order; a block may lie inside another."""
    body = tree.find("body")
    if body is None:
        return []
    keep = _kept(body)
    found = [block for block in _by_names(body) if block.element not in keep]
    taken = {block.element for block in found}
    found += [block for block in _by_labels(body, keep) if block.element not in taken]
    return found


def _kept(body: HtmlElement) -> set[HtmlElement]:
    """Return elements that are never a block: what holds the headline or the story's text."""
    keep: set[HtmlElement] = set()
    for heading in body.iter("h1"):
        keep.update(heading.iterancestors())
    best, most = None, 0
    for element in body.iter("div", "section", "article", "main", "td"):
        names = f"{element.get('class', '')} {element.get('id', '')} {element.get('itemprop', '')}"
        if len(names) > 2 and is_root_name(names):
            size = sum(len(p.text or "") for p in element.iter("p"))
            if size > most:
                best, most = element, size
    if best is not None:
        keep.add(best)
        keep.update(best.iterancestors())
    return keep


def _by_names(body: HtmlElement) -> Iterator[Block]:
    for element in body.iter():
        tag = element.tag
        if tag not in _CONTAINERS:
            continue
        attributes = element.attrib
        names = f"{attributes.get('class', '')} {attributes.get('id', '')}"
        if len(names) > 2 and (told := named(names)):
            yield Block(element, told[0], f"named {told[1]}")
        elif tag in _TAGS:
            yield Block(element, _TAGS[tag], f"<{tag}>")
        elif (role := attributes.get("role")) in _ROLES:
            yield Block(element, _ROLES[role], f"role {role}")
        elif (
            "hidden" in attributes
            or attributes.get("aria-hidden") == "true"
            or "display:none" in attributes.get("style", "").replace(" ", "")
        ):
            yield Block(element, Part.HIDDEN, "hidden")


def _by_labels(body: HtmlElement, keep: set[HtmlElement]) -> Iterator[Block]:
    """Find blocks of stories by the words of their heading: "More Stories", यह भी पढ़ें …"""
    for element in body.iter(
        "h2", "h3", "h4", "h5", "h6", "div", "span", "p", "strong", "b", "legend", "header"
    ):
        if len(element) > 2:
            continue
        text = "".join(element.itertext())
        if len(text) > 120 or not is_label(text):
            continue
        yield from _labelled(element, keep)


def _labelled(label: HtmlElement, keep: set[HtmlElement]) -> Iterator[Block]:
    """Yield the block that ``label`` heads: what encloses it, or the linked siblings after it."""
    block = label
    while (
        (parent := block.getparent()) is not None
        and parent not in keep
        and parent.tag not in _WHOLE
    ):
        if not _is_linked(parent):
            break
        block = parent
    if block is not label and block.find(".//a[@href]") is not None:
        yield Block(block, Part.RELATED, "headed " + " ".join("".join(label.itertext()).split()))
        return
    why = "follows " + " ".join("".join(label.itertext()).split())
    followers = []
    for sibling in block.itersiblings():
        if sibling in keep or not _is_linked(sibling):
            break
        followers.append(sibling)
    if any(f.tag == "a" or f.find(".//a[@href]") is not None for f in followers):
        yield Block(block, Part.RELATED, why)
        for follower in followers:
            yield Block(follower, Part.RELATED, why)


def _is_linked(element: HtmlElement) -> bool:
    """Tell whether nearly all words of ``element`` are links, or cards that begin with one."""
    text = len("".join(element.itertext()).strip())
    if not text:
        return True
    linked = (
        len("".join(element.itertext()).strip())
        if element.tag == "a"
        else sum(len("".join(a.itertext()).strip()) for a in element.iter("a"))
    )
    return linked * 10 >= text * 4
