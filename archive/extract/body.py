"""The body: candidates from several readers on one pruned tree, and the choice among them."""

from __future__ import annotations

from dataclasses import dataclass

import trafilatura
from lxml.html import HtmlElement
from trafilatura.settings import Extractor
from trafilatura.xml import xmltotxt


@dataclass(frozen=True, slots=True)
class Body:
    """A body as one reader saw it: paragraphs by newline. ``reader`` names the candidate."""

    text: str
    reader: str


def read_body(tree: HtmlElement) -> Body:
    """Return the body of a pruned page; ``text`` is "" where there is none."""
    options = Extractor(output_format="txt", fast=True, comments=False)
    options.min_extracted_size = 40
    document = trafilatura.bare_extraction(tree, options=options)
    if document is None or isinstance(document, dict) or document.body is None:
        return Body("", "none")
    text = xmltotxt(document.body, False)
    return Body(text, "fast")
