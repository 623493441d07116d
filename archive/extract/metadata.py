"""What a news page says of its story: title, authors, dates, section and the rest.

Each field has its rules, best first; the first that gives a value wins and is named in
``Metadata.rules``. The rules are listed in docs/metadata.md. The tree is only read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import regex
from lxml.html import HtmlElement

from archive.article import Moment
from archive.extract import structured
from archive.extract.bylines import author_candidates
from archive.extract.evidence import Evidence, absolute, parts_of
from archive.extract.structured import clean
from archive.extract.subjects import section_candidates, tag_candidates
from archive.extract.timestamps import modified_candidates, published_candidates
from archive.extract.titles import title_candidates
from archive.portal import Portal

log = logging.getLogger(__name__)

NO_PICTURE = regex.compile(
    r"logo|placeholder|default[-_.]|favicon|avatar|gravatar|blank\.|spacer|1x1|no-?image|sprite|"
    r"^data:|\.svg(?:$|\?)",
    regex.I,
)
# What a page that breaks a rule can raise; anything else is our defect and must be seen.
PAGE_ERRORS = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of its story. Empty values are "", () and None.

    ``authors`` as printed. ``language`` is the first part of a BCP 47 tag, ``script`` an ISO 15924
    code. ``image`` and ``canonical_url`` are absolute. ``rules[field]`` names the rule that won;
    a field without a value has none.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    published: Moment | None = None
    modified: Moment | None = None
    section: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    description: str = ""
    language: str = ""
    script: str = ""
    canonical_url: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)


def read_metadata(
    tree: HtmlElement,
    *,
    url: str,
    captured: datetime | None = None,
    portal: Portal = Portal(),
) -> Metadata:
    """Return what the page says of its story; never changes the tree, never raises on a bad page.

    ``url`` is the address it was captured at; ``captured`` the time of that (naive means UTC),
    without which no relative time is read. Dates that name no zone are in ``portal.timezone``.
    """
    values: dict[str, Any] = {}
    rules: dict[str, str] = {}
    page = Evidence(tree, url, captured, portal)
    for name, candidates in FIELDS.items():
        try:
            found = next(((rule, value) for rule, value in candidates(page) if value), None)
        except PAGE_ERRORS as error:
            log.warning("%s: no %s read: %r", url, name, error)
            continue
        if found is not None:
            rules[name], values[name] = found
    return Metadata(**values, rules=rules)


def _images(page: Evidence) -> Iterator[tuple[str, str]]:
    for name in ("og:image:secure_url", "og:image", "og:image:url"):
        yield f"meta:{name}", _picture(page, page.said(name))
    image = structured.address_of(page.article.get("image"), page.index)
    yield "json-ld:image", _picture(page, image)
    for name in ("twitter:image", "twitter:image:src", "image"):
        yield f"meta:{name}", _picture(page, page.said(name))
    for element in page.tree.iter("img"):
        if "wp-post-image" in (element.get("class") or "") and page.near.steps(element) is not None:
            source = element.get("data-src") or element.get("src") or ""
            yield "wp-post-image", _picture(page, source)


def _picture(page: Evidence, address: str) -> str:
    if not address or NO_PICTURE.search(address):
        return ""
    found = absolute(page.url, address)
    return found if parts_of(found).path.strip("/") else ""


def _descriptions(page: Evidence) -> Iterator[tuple[str, str]]:
    for name in ("og:description", "description", "twitter:description"):
        yield f"meta:{name}", page.said(name)
    yield "json-ld:description", clean(page.article.get("description"))


def _languages(page: Evidence) -> Iterator[tuple[str, str]]:
    said = bool(page.language) and page.declared.lower().startswith(page.language)
    yield ("declared" if said else "text"), page.language


def _scripts(page: Evidence) -> Iterator[tuple[str, str]]:
    yield "text", page.script


def _canonicals(page: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the page's own address; a "canonical" home page on a story is a theme's mistake."""
    deep = len(parts_of(page.url).path.strip("/")) > 1
    for rule, address in (
        ("link:canonical", page.canonical),
        ("meta:og:url", absolute(page.url, page.said("og:url"))),
    ):
        parts = parts_of(address)
        if address and not (deep and not parts.path.strip("/") and not parts.query):
            yield rule, address


Candidates = Callable[[Evidence], Iterator[tuple[str, Any]]]
FIELDS: dict[str, Candidates] = {
    "title": title_candidates,
    "authors": author_candidates,
    "published": published_candidates,
    "modified": modified_candidates,
    "section": section_candidates,
    "tags": tag_candidates,
    "image": _images,
    "description": _descriptions,
    "language": _languages,
    "script": _scripts,
    "canonical_url": _canonicals,
}
