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
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.extract.labels import is_label
from archive.extract.survey import Line, Survey


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
        "top-?stories", "editors?-?picks?", "in-?case-?you-?missed", "(?:post|news|story|article|related)-?card", "(?<!header-)(?<!article-)teasers?(?:-?(?:list|box|item|grid|card|wrap|padding))?(?:\\s|$)", "crp_related", "wp_rp", "rpwe", "essb-?related", "inline-?related",
    )),
    (Part.COMMENTS, _names("comments?(?:-|_|$|\\s)(?!ary)", "comments?-?(?:list|area|section|form|wrap|box|block)", "comment-?respond", "respond$", "disqus", "fb-comments", "viafoura", "coral-", "spot-im", "livefyre", "replies", "reader-comments", "discussion")),
    (Part.ADJACENT, _names("post-?nav(?!bar)", "nav-?(?:links|previous|next|single|below|above)$", "nav-?(?:links|single|below|above)\\b", "post-?navigation", "(?:prev|previous)-?(?:next|post|article)", "next-?prev", "adjacent", "single-?nav", "next-?post", "pagination-single")),
    (Part.PAGES, _names("page-?links?(?:$|\\s)", "post-?page-?numbers", "pagination", "pager(?:$|\\s)", "wp-pagenavi", "nav-pages", "load-?more", "(?:older|newer)-?posts", "page-?numbers")),
    (Part.SHARE, _names("share(?!d-|holder|s-)", "sharing", "sharedaddy", "social", "addtoany", "a2a_", "addthis", "sd-", "jp-post-flair", "heateor", "ssba", "mashsb", "essb", "follow-?(?:us|me|on)", "whatsapp", "tweet-?(?:button|this)", "like-?box", "polls?(?:-|$|\\s)", "element-poll", "quiz")),
    (Part.NEWSLETTER, _names("newsletter", "subscri(?!bers?-only)", "mc4wp", "mailchimp", "sign-?up", "signup", "email-?(?:signup|form|capture)", "cta(?:-|_|$)", "donat", "support-us", "app-?(?:promo|download|banner)", "opt-?in")),
    (Part.AUTHOR, _names("author-?(?:box|bio|info|card|desc|profile|details|section|block|container|area|avatar)", "about-?(?:the-?)?author", "abh_box", "saboxplugin", "post-?author-?(?:box|bio|info)", "written-?by", "m-a-box", "pp-multiple-authors", "molongui", "contributor")),
    (Part.TAGS, _names("tags?-?(?:links|list|cloud|wrap|box|container|area|s)?(?:$|\\s)", "post-?tags", "entry-?tags", "article-?tags", "tagcloud", "topics?-?(?:list|tags)?(?:$|\\s)", "keywords", "cat-links", "post-?categor", "entry-?categor")),
    (Part.META, _names("entry-?meta", "post-?meta", "article-?meta", "meta-?(?:info|data)", "byline", "dateline-?(?:date|time)", "posted-?on", "reading-?time", "min-?read", "breadcrumb", "crumbs", "entry-?footer", "post-?(?:bottom|footer)-?meta", "timestamp", "(?:last-?)?updated?-?(?:on|at|time|date)?(?:$|\\s)", "publish(?:ed)?-?(?:date|time|on|at)", "(?:post|entry|article|story|pub|news)-?(?:date|time)", "post-?views", "kicker", "topline", "overline", "eyebrow", "roofline", "dachzeile", "spitzmarke", "pre-?title", "text-?author", "author-?(?:name|line|meta|link)", "view-?count", "jp-?likes", "print-?(?:button|link)")),
    (Part.NAVIGATION, _names("(?:main|site|primary|top|mobile|header|global|sub|mega)-?(?:nav|menu)", "nav-?(?:bar|menu|bar)", "navigation", "menu(?:-|$|\\s)", "skip-link", "masthead", "site-header", "off-?canvas", "hamburger", "ticker", "breaking-?news")),
    (Part.SIDEBAR, _names("side-?bar", "secondary$", "widget-?area", "widget_", "right-?rail", "right-?col(?:umn)?$", "rail$")),
    (Part.FOOTER, _names("footer", "(?:page|global|main|site)-?footer", "copyright", "colophon", "site-info", "back-to-top", "scroll-?top")),
    (Part.ADVERT, _names("ads?(?:-|_|$|\\s|\\d)", "advert", "adsbygoogle", "adsense", "dfp", "google-?ad", "sponsor", "promo(?:-|_|$|tion-?box)", "banner-?(?:ad|promo)", "gpt-", "teads", "brandpost", "paywall-?(?:promo|offer)", "cookie", "consent", "gdpr", "popup", "modal", "lightbox-?(?:overlay|close)", "notification", "push-")),
    (Part.HIDDEN, _names("screen-reader-text", "sr-only", "visually-?hidden", "visuallyhidden", "print-?only", "noprint", "(?<![_:.-])hidden(?!\\S)(?!.*\\b(?:xs|sm|md|lg|xl|2xl):)")),
)  # fmt: skip

# Cards with an excerpt each are linked by less than half of their text.
_LINKED = 0.38
# A card is a headline, a picture, an excerpt of two lines, a date; a listicle's entry is longer.
_CARD_TEXT = 360
_CARD_DEPTH = 9
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ROLES = {"navigation": Part.NAVIGATION, "complementary": Part.SIDEBAR, "contentinfo": Part.FOOTER, "search": Part.NAVIGATION, "dialog": Part.ADVERT, "banner": Part.NAVIGATION}  # fmt: skip
_TAGS = {
    "nav": Part.NAVIGATION,
    "aside": Part.SIDEBAR,
    "dialog": Part.ADVERT,
    "footer": Part.FOOTER,
    "form": Part.NEWSLETTER,
}
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
    plain = _CAMEL.sub("-", names).lower().strip()
    for part, pattern in _PARTS:
        if found := pattern.search(plain):
            return part, found.group().strip(" -_:.")
    return None


@lru_cache(maxsize=20_000)
def is_root_name(names: str) -> bool:
    """Tell whether ``names`` are those of an element that holds a story's text."""
    return bool(ROOT.search(_CAMEL.sub("-", names).lower()))


def find_blocks(
    found: Survey, headline: HtmlElement | None = None, *, url: str = ""
) -> list[Block]:
    """Return the blocks of a surveyed body in document order; a block may lie inside another.

    What holds ``headline`` is never a block. ``url`` is the page's own. Weighs ``found`` anew
    without the blocks.
    """
    blocks = [block for block in _by_names(found.root) if not _holds_story(block, found)]
    blocks = _without_builders(blocks, found)
    taken = {block.element for block in blocks}
    keep = set(headline.iterancestors()) if headline is not None else set()
    for heading in found.root.iter("h1"):
        keep.update(heading.iterancestors())
    for block in (*_by_labels(found, keep), *_by_cards(found, keep, url)):
        if block.element not in taken:
            taken.add(block.element)
            blocks.append(block)
    found.weigh(taken)
    return blocks


def _by_names(body: HtmlElement) -> Iterator[Block]:
    for element in body.iter(*_CONTAINERS):
        attributes = element.attrib
        tag = element.tag
        if attributes:
            names = f"{attributes.get('class', '')} {attributes.get('id', '')}"
            if len(names) > 2 and (told := named(names)):
                yield Block(element, told[0], f"named {told[1]}")
                continue
            if (role := attributes.get("role")) in _ROLES:
                yield Block(element, _ROLES[role], f"role {role}")
                continue
            # A paywall hides paragraphs by style and still sends them; a box so hidden is a pop-up.
            if tag not in ("p", "li", "span", "h2", "h3", "h4") and (
                "hidden" in attributes
                or attributes.get("aria-hidden") == "true"
                or _HIDING.search(attributes.get("style", ""))
            ):
                yield Block(element, Part.HIDDEN, "hidden")
                continue
        if tag in _TAGS:
            yield Block(element, _TAGS[tag], f"<{tag}>")


def _holds_story(block: Block, found: Survey) -> bool:
    """Tell whether ``block`` is named like furniture but holds the story itself."""
    mass, whole = found.mass.get(block.element, 0), found.mass.get(found.root, 0)
    if block.element.find(".//h1") is not None and mass * 10 > whole:
        return True
    if mass * 10 <= whole * 3:
        return False
    if block.part in (Part.COMMENTS, Part.RELATED):
        # Comments and cards have a box for each; a story's paragraphs stand in one.
        boxes: dict[HtmlElement, int] = {}
        for line in found.lines:
            if line.prose and block.element in line.owner.iterancestors():
                parent = line.owner.getparent()
                box = parent if line.owner.tag == "p" and parent is not None else line.owner
                boxes[box] = boxes.get(box, 0) + line.size
        return max(boxes.values(), default=0) * 10 > mass * 6
    return True


def _without_builders(blocks: list[Block], found: Survey) -> list[Block]:
    """Drop names by which a page builder calls every box, the story's too ("widget")."""
    weights: dict[str, int] = {}
    for block in blocks:
        if block.part in (Part.SIDEBAR, Part.META, Part.NAVIGATION):
            weight = found.mass.get(block.element, 0)
            weights[block.why] = weights.get(block.why, 0) + weight
    limit = found.mass.get(found.root, 0) * 0.4
    return [block for block in blocks if weights.get(block.why, 0) <= limit]


def _by_labels(found: Survey, keep: set[HtmlElement]) -> Iterator[Block]:
    """Find blocks of stories by the words of their heading: "More Stories", यह भी पढ़ें …"""
    for line in found.lines:
        if line.size <= 80 and is_label(line.text):
            yield from _labelled(line, found, keep)


def _labelled(line: Line, found: Survey, keep: set[HtmlElement]) -> Iterator[Block]:
    """Yield the block that a label heads: what encloses it, or the linked siblings after it."""
    block = line.owner
    if found.totals.get(block, (0, 0))[0] > line.size + 40 and found.linked_share(block) < _LINKED:
        return
    while (
        (parent := block.getparent()) is not None
        and parent not in keep
        and parent.tag not in _WHOLE
    ):
        if found.linked_share(parent) < _LINKED or _has_text_before(block, found):
            break
        block = parent
    label = line.text[:60]
    if found.totals.get(block, (0, 0))[1] > line.linked:
        yield Block(block, Part.RELATED, f"headed {label}")
        return
    followers = []
    for sibling in block.itersiblings():
        if sibling in keep or found.linked_share(sibling) < _LINKED:
            break
        followers.append(sibling)
    if any(found.totals.get(follower, (0, 0))[1] for follower in followers):
        yield Block(block, Part.RELATED, f"headed {label}")
        for follower in followers:
            yield Block(follower, Part.RELATED, f"follows {label}")


def _has_text_before(element: HtmlElement, found: Survey) -> bool:
    """Tell whether text stands before ``element`` in its parent: it is then no parent's heading."""
    for sibling in element.itersiblings(preceding=True):
        size, linked = found.totals.get(sibling, (0, 0))
        if size - linked > 20:
            return True
    return False


def _by_cards(found: Survey, keep: set[HtmlElement], url: str) -> Iterator[Block]:
    """Find rows of cards: three or more headings, each a link to another story of the site."""
    host = urlsplit(url).netloc
    cards: dict[HtmlElement, list[HtmlElement]] = {}
    for heading in found.root.iter("h2", "h3", "h4", "h5"):
        anchor = heading.find(".//a[@href]")
        if anchor is None:
            parent = heading.getparent()
            anchor = parent if parent is not None and parent.tag == "a" else None
        if anchor is None or not _is_story_of(host, anchor.get("href") or ""):
            continue
        card = heading
        for step in islice(heading.iterancestors(), _CARD_DEPTH):
            if step in keep or step is found.root:
                break
            cards.setdefault(step, []).append(card)
            card = step
    rows = [box for box, held in cards.items() if len(set(held)) >= 3]
    outer = {box.getparent() for box in rows}
    for box in rows:
        if box in outer:
            continue
        for card in dict.fromkeys(cards[box]):
            if found.totals.get(card, (0, 0))[0] <= _CARD_TEXT:
                yield Block(card, Part.RELATED, f"one of {len(cards[box])} linked headings")


def _is_story_of(host: str, address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.netloc in ("", host) and len(parts.path) > 8
