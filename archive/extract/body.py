"""The body: the lines that were chosen, or what trafilatura reads where they are too few."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import trafilatura
from lxml.html import HtmlElement
from trafilatura.settings import Extractor
from trafilatura.xml import xmltotxt

from archive.extract.furniture import prune
from archive.extract.page import Page
from archive.extract.page_type import ENOUGH
from archive.text.words import words

# A page of so many lines of which none is a story's is a list or an attack.
MOST_LINES = 5_000
# Of 50 shared pages with an articleBody, the shortest share that was the whole story was .53.
_SHARE = 0.35
_TEASER = 400
_ARTICLE_BODY = re.compile(r'"articleBody"\s*:\s*"((?:[^"\\]|\\.){400,200000})"')
# The second page of a post and those after it, as WordPress addresses them.
_FURTHER = re.compile(r"/[^/]*[^/\d][^/]*/\d{1,3}/?$|[?&]page=\d{1,3}$")
_BOX = frozenset(["entry-content", "wp-block-post-content", "post-content", "td-post-content"])
_MARKUP = re.compile(r"</?\w+[^>]*>|&lt;|&nbsp;")


@dataclass(frozen=True, slots=True)
class Body:
    """A body as one reader saw it: paragraphs by newline. ``reader`` names the candidate."""

    text: str
    reader: str


def read_body(page: Page, *, url: str = "") -> Body:
    """Return the body of a page; ``text`` is "" where there is none. May prune the tree."""
    own = Body(page.text, "lines")
    if page.root is page.found.root and _FURTHER.search(url) and (text := _box(page)):
        return Body(text, "box")
    declared = _declared(page)
    if len(own.text) < _SHARE * len(declared):
        return Body(declared, "json-ld")
    if len(words(own.text)) >= ENOUGH or len(page.choices) > MOST_LINES:
        return own
    other = _by_trafilatura(page)
    return other if len(words(other.text)) > len(words(own.text)) else own


def _box(page: Page) -> str:
    """Return the text of the one box that is named as a story's, "" if there is not just one.

    The last page of a multi-page post may be one short sentence: too little to outweigh a
    headline and a menu, but its box says that it is all.
    """
    boxes = [box for box in page.found.root.iter("div") if _BOX & set(box.get("class", "").split())]
    if len(boxes) != 1:
        return ""
    inside = set(boxes[0].iterdescendants())
    furniture = {
        e for block in page.blocks for e in block.element.iter() if block.element in inside
    }
    lines = (line for line in page.found.lines if line.owner in inside - furniture)
    return "\n".join(line.text for line in lines)


def _declared(page: Page) -> str:
    """Return the longest ``articleBody`` of the page's JSON-LD, if it is more than a teaser.

    Publishers write it for search engines, mostly without paragraphs: a witness of how much there
    is to read, and the text itself only where the page's own markup hides it.
    """
    longest = ""
    for script in page.tree.iterfind(".//script[@type='application/ld+json']"):
        for found in _ARTICLE_BODY.finditer(script.text or ""):
            try:
                text = str(json.loads(f'"{found[1]}"', strict=False))
            except ValueError:
                continue
            longest = max(longest, text, key=len)
    if len(longest) < _TEASER or _MARKUP.search(longest):
        return ""
    lines = (" ".join(line.split()) for line in longest.splitlines())
    return "\n".join(line for line in lines if line)


def _by_trafilatura(page: Page) -> Body:
    prune(page.tree, page.blocks)
    text = _trafilatura(page.tree)
    return Body(text, "trafilatura" if text else "none")


def _trafilatura(tree: HtmlElement) -> str:
    options = Extractor(output_format="txt", fast=True, comments=False)
    # At its default of 250 a brief falls back to the text of the whole page.
    options.min_extracted_size = 80
    document = trafilatura.bare_extraction(tree, options=options)
    if document is None or isinstance(document, dict) or document.body is None:
        return ""
    return str(xmltotxt(document.body, False))
