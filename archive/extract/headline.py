"""The story's own heading on the page."""

from __future__ import annotations

from lxml.html import HtmlElement

from archive.extract.labels import folded
from archive.text.words import words


def find_headline(tree: HtmlElement, title: str = "") -> HtmlElement | None:
    """Return the heading that says ``title`` or the page's ``title``; else a lone ``h1``."""
    page = tree.findtext(".//title") or ""
    lone: list[HtmlElement] = []
    for heading in tree.iter("h1", "h2", "h3"):
        text = "".join(heading.itertext())
        if len(text) < 6:
            continue
        if says(text, title) or (len(text) > 15 and says(text, page)):
            return heading
        if heading.tag == "h1":
            lone.append(heading)
    return lone[0] if len(lone) == 1 else None


def says(heading: str, title: str) -> bool:
    """Tell whether ``heading`` is the title, give or take a kicker or a site's name."""
    ours, theirs = folded(heading).casefold(), folded(title).casefold()
    if ours == theirs:
        return bool(ours)
    mine, other = set(words(ours)), set(words(theirs))
    shared = len(mine & other)
    return shared >= 3 and shared >= 0.8 * min(len(mine), len(other)) and shared >= 0.6 * len(mine)
