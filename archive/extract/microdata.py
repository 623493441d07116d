"""Microdata: properties that stand on the page's own elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from archive.extract.structured import clean

MOST = 300  # properties; a story has ten, a hostile page a million
ITEMS = etree.XPath("//*[@itemprop]")


@dataclass(frozen=True, slots=True)
class Item:
    """One microdata property: its element, its words, the types of the scopes around it."""

    element: HtmlElement
    names: frozenset[str]
    scopes: tuple[str, ...]

    @property
    def value(self) -> str:
        """The property's value: content, datetime, or the element's text."""
        element = self.element
        given = element.get("content") or element.get("datetime")
        return clean(given if given else str(element.text_content())[:400])


def read_items(tree: HtmlElement, wanted: frozenset[str]) -> list[Item]:
    """Return the microdata properties named in ``wanted``, in document order."""
    found: list[Item] = []
    for element in cast("list[HtmlElement]", ITEMS(tree)):
        names = frozenset((element.get("itemprop") or "").split())
        if not names & wanted:
            continue
        if len(found) >= MOST:
            break
        scopes = tuple(
            (a.get("itemtype") or "").rsplit("/", 1)[-1]
            for a in element.iterancestors()
            if a.get("itemscope") is not None
        )
        found.append(Item(element, names, scopes))
    return found
