"""One page, looked at once: what its parts are, where its story is, which lines are the story's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.extract.blocks import Block, find_blocks
from archive.extract.choice import Choice
from archive.extract.choosing import choose_lines
from archive.extract.headline import find_headline
from archive.extract.root import find_root
from archive.extract.survey import Survey, survey


@dataclass(frozen=True, slots=True)
class Page:
    """What one walk over a page's tree found; the tree stays as it was.

    ``text`` is the lines that were kept. ``choices`` has every line of the page in document order. ``root`` is the body element itself
    where no smaller element holds the story.
    """

    tree: HtmlElement
    found: Survey
    blocks: tuple[Block, ...]
    headline: HtmlElement | None
    root: HtmlElement
    choices: tuple[Choice, ...]
    text: str


def look_at(
    tree: HtmlElement,
    *,
    url: str,
    title: str = "",
    description: str = "",
    authors: Iterable[str] = (),
    dates: Iterable[str] = (),
    root: HtmlElement | None = None,
) -> Page | None:
    """Look at a page; None where it has no body. ``title`` … ``dates`` are its metadata.

    ``dates`` are as printed. ``root`` is what holds the story, where that is known.
    """
    body = tree.find("body")
    if body is None:
        return None
    found = survey(body)
    headline = find_headline(tree, title)
    blocks = find_blocks(found, headline, url=url)
    sure = root is not None
    root = root if root is not None else find_root(found, headline)
    said = title if headline is None else "".join(headline.itertext())
    choices = choose_lines(
        found,
        root,
        blocks,
        title=said,
        description=description,
        headline=headline,
        authors=authors,
        dates=dates,
        sure=sure,
    )
    text = "\n".join(choice.line.text for choice in choices if choice.kept)
    return Page(tree, found, tuple(blocks), headline, root, tuple(choices), text)
