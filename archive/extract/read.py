"""Bytes of a page in, a frozen :class:`Article` out; no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.metadata import version

from lxml.html import HtmlElement

from archive.article import Article, PageType
from archive.errors import Unreadable
from archive.extract.body import Body, read_body
from archive.extract.dateline import read_dateline
from archive.extract.fallback import read_plain
from archive.extract.metadata import read_metadata
from archive.extract.page import Page, look_at
from archive.extract.page_type import ENOUGH, page_type, read_signs
from archive.extract.sieve import drop_idle_headings
from archive.extract.tree import is_html, read_tree
from archive.extract.witness import find_root, is_elsewhere, judge, observe
from archive.layout import Layout, Observation
from archive.link import Link
from archive.links.page import page_links
from archive.portal import Portal
from archive.text.words import words

VERSIONS = f"morestories/{version('morestories')} trafilatura/{version('trafilatura')}"


# A page with next to no text is "other": its portal may know where its text is.
_OBSERVED = (PageType.STORY, PageType.OTHER)


@dataclass(frozen=True, slots=True)
class Reading:
    """An article and how it came about.

    ``observation`` is what the page adds to its portal's evidence, None where it cannot be a story.
    ``layout`` is the evidence that was used on it, None where none took a line out.
    """

    article: Article
    page: Page | None
    observation: Observation | None = None
    layout: Layout | None = None


def read_page(
    payload: bytes,
    *,
    url: str,
    content_type: str = "",
    captured: datetime | None = None,
    portal: Portal = Portal(),
) -> Article | None:
    """Return what the page says, or None where ``payload`` is not an HTML page.

    ``payload`` has transfer- and content-encoding undone. ``content_type`` is the header as sent
    or ""; ``captured`` (UTC) resolves relative dates. ``portal.layouts`` is used where it has the
    page's own. The same arguments and version always give the same article. A page that cannot be read as a tree is read as plain text.
    """
    reading = explain_page(
        payload, url=url, content_type=content_type, captured=captured, portal=portal
    )
    return reading.article if reading is not None else None


def explain_page(
    payload: bytes,
    *,
    url: str,
    content_type: str = "",
    captured: datetime | None = None,
    portal: Portal = Portal(),
) -> Reading | None:
    """Read as ``read_page`` does, and tell how: ``page`` is None where no tree could be made."""
    if not is_html(payload, content_type):
        return None
    try:
        tree = read_tree(payload, content_type)
    except Unreadable as error:
        why = str(error)
        article = read_plain(
            payload, url=url, content_type=content_type, why=why, versions=VERSIONS
        )
        return Reading(article, None)
    return _read_tree(tree, url=url, captured=captured, portal=portal)


def _read_tree(
    tree: HtmlElement, *, url: str, captured: datetime | None, portal: Portal
) -> Reading:
    """Read the article out of ``tree``, which may be pruned by it."""
    metadata = read_metadata(tree, url=url, captured=captured, portal=portal)
    look = partial(
        look_at,
        tree,
        url=url,
        title=metadata.title,
        description=metadata.description,
        authors=metadata.authors,
        dates=[moment.text for moment in (metadata.published, metadata.modified) if moment],
    )
    page = look()
    signs = read_signs(tree, url=url)
    observation = layout = None
    if page is not None:
        observation = observe(page, title=metadata.title, description=metadata.description)
        layout = next((x for x in portal.layouts if x.skeleton == observation.skeleton), None)
        if layout is not None and is_elsewhere(layout, observation):
            page, layout = _moved(page, layout, look)
        elif layout is not None:
            page, layout = _without_furniture(page, observation, layout)
    links = page_links(tree, url=url, page=page)
    # A locked post's page holds the form that asks for the password, and nothing of the post.
    body = read_body(page, url=url) if page is not None and not signs.locked else Body("", "none")
    article = Article(
        url=url,
        page_type=page_type(signs, body.text),
        title=metadata.title,
        text=body.text,
        authors=metadata.authors,
        published=metadata.published,
        modified=metadata.modified,
        section=metadata.section,
        tags=metadata.tags,
        image=metadata.image,
        description=metadata.description,
        language=metadata.language or portal.language,
        dateline=_dateline(body.text),
        canonical_url=metadata.canonical_url,
        pages=_pages(links, url),
        links=links,
        reader=f"{VERSIONS} {body.reader}",
        rules={**metadata.rules, "text": body.reader, **_used(layout)},
    )
    return Reading(article, page, observation if article.page_type in _OBSERVED else None, layout)


def _moved(
    page: Page, layout: Layout, look: Callable[..., Page | None]
) -> tuple[Page, Layout | None]:
    """Look at ``page`` with its body where its layout has it; not if there is no text either."""
    root = find_root(page, layout)
    moved = look(root=root) if root is not None else None
    if moved is None or len(words(moved.text)) < ENOUGH:
        return page, None
    return moved, layout


def _without_furniture(
    page: Page, observation: Observation, layout: Layout
) -> tuple[Page, Layout | None]:
    """Take out of ``page`` the lines that its layout knows; not if next to nothing is left.

    Returns the page as it is, and None, where the evidence says nothing or would hurt.
    """
    if not any(whys := judge(layout, observation.lines)):
        return page, None
    kept = [choice for choice in page.choices if choice.kept]
    left = [choice.line.text for choice, why in zip(kept, whys, strict=True) if not why]
    if len(words("\n".join(left))) < ENOUGH:
        return page, None
    for choice, why in zip(kept, whys, strict=True):
        if why:
            choice.kept, choice.why = False, why
    drop_idle_headings(page.choices)
    text = "\n".join(choice.line.text for choice in page.choices if choice.kept)
    return replace(page, text=text), layout


def _used(layout: Layout | None) -> dict[str, str]:
    return {} if layout is None else {"portal": layout.skeleton}


def _dateline(text: str) -> str:
    """Return the place of the dateline; a deck may stand before the line that begins with it."""
    lines = text.split("\n", 2)[:2]
    return next((place for line in lines if (place := read_dateline(line))), "")


def _pages(links: tuple[Link, ...], url: str) -> tuple[str, ...]:
    """Return the further pages of a multi-page post: its own address with a page number.

    WordPress writes ``…/slug/2/``, and ``?p=7&page=2`` where addresses are plain, others
    ``…/slug/?page=2``. Whatever part of the page such a link stands in, it leads to no other story.
    """
    stem = re.escape(url.rstrip("/"))
    further = re.compile(rf"{stem}(?:/[0-9]{{1,3}}/?|/?[?&]page=[0-9]{{1,3}})")
    return tuple(dict.fromkeys(link.url for link in links if further.fullmatch(link.url)))
