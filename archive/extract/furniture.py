"""Take out of the tree what is not the story."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree
from lxml.html import HtmlElement

from archive.extract.blocks import Block

_NEVER_TEXT = ("script", "style", "noscript", "template", "iframe", "form", "button", "input", "select", "textarea", "svg", "canvas", "object", "embed")  # fmt: skip


def prune(tree: HtmlElement, blocks: Iterable[Block]) -> None:
    """Remove ``blocks`` and what never holds text; the text that follows each stays."""
    for block in blocks:
        drop(block.element)
    etree.strip_elements(tree, *_NEVER_TEXT, with_tail=False)


def drop(element: HtmlElement) -> None:
    """Remove ``element`` and keep its tail, with a space where it stood between words."""
    parent = element.getparent()
    if parent is None:
        return
    if tail := element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = f"{parent.text or ''} {tail}"
        else:
            before.tail = f"{before.tail or ''} {tail}"
    parent.remove(element)
