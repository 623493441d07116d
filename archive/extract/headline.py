"""The story's own heading on the page."""

from __future__ import annotations

from lxml.html import HtmlElement

from archive.extract.labels import folded


def find_headline(tree: HtmlElement, title: str = "") -> HtmlElement | None:
    """Return the heading that says ``title`` or stands in the page's ``title``; else a lone ``h1``."""
    named = folded(title).casefold()
    page = folded(tree.findtext(".//title") or "").casefold()
    first = []
    for heading in tree.iter("h1", "h2", "h3"):
        text = folded("".join(heading.itertext())).casefold()
        if len(text) < 6:
            continue
        if text == named or (len(text) > 15 and (text in page or text in named)):
            return heading
        if heading.tag == "h1":
            first.append(heading)
    return first[0] if len(first) == 1 else None
