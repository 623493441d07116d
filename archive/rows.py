"""Captures and readings as rows; no I/O. Keys are the columns of ``archive.store.schema``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from archive.article import Article, Moment, PageType
from archive.capture import About, Capture
from archive.extract.learning import LEARNER
from archive.keys import address_key, canonical, ident, story_key, surt
from archive.layout import Layout, Observation
from archive.reading import Outcome, Reading
from archive.text.normal import normal_form
from archive.text.words import words

Row = dict[str, Any]


def portal_id(capture: Capture) -> str:
    """Return the portal that a capture belongs to; "" in a foreign WARC."""
    about = capture.about
    return (about.portal if about else "") or capture.warcinfo.get("isPartOf", "")


def crawl_id(capture: Capture, warc: str) -> str:
    """Return the crawl that made a capture; a foreign WARC is a crawl of its own."""
    return capture.warcinfo.get("morestories-crawl", "") or warc


def capture_id(warc: str, offset: int) -> int:
    """Return the id of the capture whose record starts at ``offset`` of ``warc``."""
    return ident("capture", warc, offset)


@lru_cache(maxsize=200_000)
def article_id(url: str) -> int:
    """Return the id of the story that ``url`` names, whether or not it is one."""
    return ident("article", story_key(url))


@lru_cache(maxsize=200_000)
def address_id(url: str) -> int:
    """Return the id of one address of a story; it is the story's own but for an AMP page."""
    return ident("article", address_key(url))


def capture_row(capture: Capture, warc: str) -> Row:
    """Return the row of ``captures``."""
    about = capture.about or About()
    return {
        "capture": capture_id(warc, capture.offset),
        "url": capture.url,
        "surt": surt(capture.url),
        "captured": capture.date,
        "status": capture.status,
        "type": capture.content_type,
        "portal": portal_id(capture),
        "crawl": crawl_id(capture, warc),
        "kind": str(about.kind) if capture.about else "",
        "via": about.via,
        "hops": about.hops if capture.about else None,
        "record": capture.record_type,
        "digest": capture.payload_digest,
        "size": len(capture.payload),
        "robots": about.robots,
        "reservations": [f"{name}: {value}" for name, value in about.reservations],
        "ip": capture.ip,
        "truncated": capture.truncated,
        "refers_to_url": capture.refers_to_url,
        "refers_to_date": capture.refers_to_date,
        "article": article_id(capture.url),
        "warc": warc,
        "warc_offset": capture.offset,
        "warc_length": capture.length,
    }


def warc_row(warc: str, first: Capture | None) -> Row:
    """Return the row of ``warcs`` that a file's first capture tells; nothing landed yet.

    ``first`` is None for a file in which nothing can be read.
    """
    info = first.warcinfo if first else {}
    return {
        "warc": warc,
        "portal": portal_id(first) if first else "",
        "crawl": crawl_id(first, warc) if first else warc,
        "first_captured": first.date if first else None,
        "software": info.get("software", ""),
        "info": list(info.items()),
        "next_offset": 0,
    }


def reading_row(captured: Row, article: Article, text: Row | None) -> Row:
    """Return the row of ``readings`` for the capture of row ``captured``."""
    return {
        "capture": captured["capture"],
        "captured": captured["captured"],
        "portal": captured["portal"],
        "crawl": captured["crawl"],
        "url": captured["url"],
        "address": address_id(captured["url"]),
        "article": article_id(canonical(captured["url"], article.canonical_url)),
        "page_type": str(article.page_type),
        "text_sha": text["text_sha"] if text else None,
        "reader": article.reader,
    }


def claim_rows(captured: Row, article: Article) -> Iterator[Row]:
    """Yield the rows of ``parts``: the further pages that the page names, itself left out."""
    url = canonical(captured["url"], article.canonical_url)
    story = article_id(url)
    pages = dict.fromkeys(article.pages)
    for position, page_url in enumerate(pages, 1):
        if (page := address_id(page_url)) not in (story, captured["article"]):
            yield {
                "article": story,
                "url": url,
                "page": page,
                "page_url": page_url,
                "position": position,
                "capture": captured["capture"],
            }


def observation_row(captured: Row, article: Article, observation: Observation) -> Row:
    """Return the row of ``observations`` for a capture that was read without evidence."""
    return {
        "capture": captured["capture"],
        "captured": captured["captured"],
        "portal": captured["portal"],
        "story": article_id(canonical(captured["url"], article.canonical_url)),
        "skeleton": observation.skeleton,
        "root": observation.root,
        "title": observation.title,
        "openings": list(observation.openings),
        "lines": [asdict(line) for line in observation.lines],
        "dropped": [],
    }


def layout_row(portal: str, layout: Layout, observed: int) -> Row:
    """Return the row of ``layouts``; ``observed`` captures of the portal had been seen."""
    return {
        "portal": portal,
        "skeleton": layout.skeleton,
        "stories": layout.stories,
        "first_captured": layout.first,
        "last_captured": layout.last,
        "examples": list(layout.examples),
        "root": layout.root,
        "places": list(layout.places),
        "teasing": layout.teasing,
        "tail": layout.tail,
        "most": layout.most,
        "marks": [
            {
                "why": str(mark.rule),
                "digest": mark.key,
                "stories": mark.stories,
                "first_captured": mark.first,
                "last_captured": mark.last,
                "example": mark.example,
            }
            for mark in layout.marks
        ],
        "observed": observed,
        "learner": LEARNER,
    }


def link_columns(captured: Row, reading: Reading) -> dict[str, list[Any]]:
    """Return the rows of ``links`` of one capture, by column."""
    links, article = reading.links, reading.article
    story = None
    if article is not None and article.page_type is PageType.STORY:
        story = article_id(canonical(captured["url"], article.canonical_url))
    same = {
        "from_url": captured["url"],
        "from_article": story,
        "portal": captured["portal"],
        "captured": captured["captured"],
        "capture": captured["capture"],
    }
    return {
        "to_url": [link.url for link in links],
        "kind": [str(link.kind) for link in links],
        "text": [link.text for link in links],
        "date": [link.date for link in links],
        "position": list(range(1, len(links) + 1)),
        "to_article": [article_id(link.url) for link in links],
        **{column: [value] * len(links) for column, value in same.items()},
    }


def outcome_row(captured: Row, outcome: Outcome) -> Row:
    """Return the row of ``outcomes`` for a capture that did not become a story."""
    same = ("url", "portal", "crawl", "captured", "capture", "warc", "warc_offset")
    return {"reason": outcome.reason, "detail": outcome.detail} | {k: captured[k] for k in same}


def damage_row(warc: str, offset: int, what: str) -> Row:
    """Return the row of ``outcomes`` for bytes of a WARC that hold no readable record."""
    return {
        "url": "",
        "reason": "damaged",
        "detail": what,
        "portal": "",
        "crawl": "",
        "captured": None,
        "capture": None,
        "warc": warc,
        "warc_offset": offset,
    }


def whole(value: Any) -> Any:
    """Return a value with each lone surrogate replaced by U+FFFD: it cannot be stored as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(whole(inner) for inner in value)
    return value


def text_sha(title: str, body: str) -> str:
    """Return the name of a text: two revisions with one name say the same, letter by letter."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()


_short = lru_cache(maxsize=50_000)(normal_form)  # bylines, sections, tags: the same again and again


def text_row(captured: Row, article: Article) -> Row:
    """Return what ``texts`` says of one page, as if it were the whole of a story seen once."""
    title = whole(" ".join(normal_form(article.title).split()))
    body = whole(normal_form(article.text))
    url = canonical(captured["url"], article.canonical_url)
    return {
        "article": article_id(url),
        "portal": captured["portal"],
        "url": url,
        "title": title,
        "body": body,
        "authors": [_short(author) for author in article.authors],
        "section": _short(article.section),
        "tags": [_short(tag) for tag in article.tags],
        "language": article.language,
        "dateline": _short(article.dateline),
        "description": normal_form(article.description),
        "image": article.image,
        "words": len(words(body)),
        "pages": 1,
        "read_from": captured["capture"],
        **_dates(article),
        "text_sha": text_sha(title, body),
        "extracted": article.text if article.text != body else None,
        "reader": article.reader,
        "rules": sorted(article.rules.items()),
        "page": None,
    }


def _dates(article: Article) -> Row:
    published, modified = article.published, article.modified
    return {
        "published": _at(published),
        "published_day": _day(published),
        "published_precision": published.precision if published else None,
        "published_offset": published.offset if published else None,
        "published_source": published.source if published else None,
        "published_text": published.text if published else None,
        "modified": _at(modified),
        "modified_precision": modified.precision if modified else None,
        "modified_source": modified.source if modified else None,
        "modified_text": modified.text if modified else None,
    }


def _at(moment: Moment | None) -> datetime | None:
    return moment.at if moment else None


def _day(moment: Moment | None) -> date | None:
    """Return the day on the clock that the page used; a month is never a day."""
    if moment is None or moment.precision == "month":
        return None
    return (moment.at + timedelta(minutes=moment.offset)).date()


def put_together(pages: Iterable[Row]) -> Row:
    """Return the row of a story on several pages: the first page's, with all their texts."""
    first, *rest = pages
    if not rest:
        return first
    body = "\n".join(page["body"] for page in (first, *rest) if page["body"])
    extracted = None
    if any(page["extracted"] is not None for page in (first, *rest)):
        extracted = "\n".join(page["extracted"] or page["body"] for page in (first, *rest))
    return {
        **first,
        "body": body,
        "words": first["words"] + sum(page["words"] for page in rest),
        "pages": 1 + len(rest),
        "text_sha": text_sha(first["title"], body),
        "extracted": extracted,
    }
