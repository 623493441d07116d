"""When a story was published and changed: the page's dates, the best rule first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache, lru_cache
from itertools import islice

import regex
from lxml.html import HtmlElement

from archive.article import Moment
from archive.extract.clock import local_day
from archive.extract.dates import EPOCH, STAMP, date_in_address, find_date, read_moment
from archive.extract.evidence import Evidence
from archive.extract.structured import clean
from archive.extract.vicinity import lines_of
from archive.extract.words import PUBLISHED_WORD, UPDATED_WORD

PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished",
    "og:published_time", "published_time", "publish_date", "publish-date", "published-date",
    "publication_date", "pubdate", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime",
    "dc.date.issued", "dcterms.created", "rnews:datepublished", "citation_publication_date",
    "article.published", "displaydate", "dc.date.created",
)  # fmt: skip
# Names that some templates fill with the time of the request: asked last.
VAGUE_META = ("date", "dc.date", "dcterms.date", "last-published", "timestamp", "article.created")
VAGUE_RULES = frozenset(f"meta:{name}" for name in VAGUE_META)
MODIFIED_META = (
    "article:modified_time", "og:updated_time", "article:modified", "datemodified", "article:updated_time",
    "last-modified", "lastmod", "dcterms.modified", "article.updated", "modified_time", "revision_date",
)  # fmt: skip
DATE_CLASS = regex.compile(r"publish|post|entry|article|story|date|time|meta|byline", regex.I)
PRINTED = frozenset(("visible", "time", "labelled", "attribute"))
DATE_ATTRIBUTES = (
    "title", "datetime", "data-date", "data-datetime", "data-time", "data-timestamp", "data-published",
    "data-publish-date", "data-published-date", "data-utc-time",
)  # fmt: skip
MOST = 300  # time elements looked at; a hostile page may have a million
REST = 70  # letters that may stand beside a date on its line: labels, a byline, a place
RUNNING = timedelta(seconds=90)  # a stamp this near to the capture was made by the request
SAME_MONTH = timedelta(days=2)  # zones, and posts written shortly before midnight

Found = tuple[str, str]  # rule, text


def published_candidates(page: Evidence) -> Iterator[tuple[str, Moment]]:
    """Yield the publication moments that the page's rules find; months after days."""
    instants: list[Moment] = []
    months: list[Moment] = []
    address = _address(page)
    for rule, text in _published(page):
        moment = read_moment(text, page.clock, rule)
        if moment is None:
            continue
        if _contradicts(moment, address, rule):
            if _outweighs(moment, address, page):
                instants.append(moment)
        elif moment.precision == "month":
            months.append(moment)
        elif not (rule in VAGUE_RULES and _is_running(moment, page)):
            yield rule, moment
    named = [] if address is None else [address]
    months = sorted([*named, *months], key=lambda m: m.precision == "month")
    yield from ((moment.source, moment) for moment in (*instants, *months))


def modified_candidates(page: Evidence) -> Iterator[tuple[str, Moment]]:
    """Yield the moments of change; one that ran with the request is none."""
    for rule, text in _modified(page):
        moment = read_moment(text, page.clock, rule)
        if moment is not None and not _is_running(moment, page):
            yield rule, moment


def _published(page: Evidence) -> Iterator[Found]:
    for key in ("datePublished", "dateCreated", "uploadDate"):
        yield f"json-ld:{key}", clean(page.article.get(key))
    yield from _meta(page, PUBLISHED_META[:3])
    yield from _items(page, "datePublished")
    yield from _meta(page, PUBLISHED_META[3:])
    visible = cache(lambda: list(_visible(page)))
    yield from (("time", text) for text in _times(page, updated=False))
    yield from (("attribute", text) for text in _attributes(page))
    yield from (("visible", text) for text, updated in visible() if not updated)
    yield from (("labelled", text) for text in _labelled(page))
    yield from _meta(page, VAGUE_META)
    yield from (("time:updated", text) for text in _times(page, updated=True))
    yield from (("visible:updated", text) for text, updated in visible() if updated)


def _modified(page: Evidence) -> Iterator[Found]:
    yield "json-ld:dateModified", clean(page.article.get("dateModified"))
    yield from _meta(page, MODIFIED_META)
    yield from _items(page, "dateModified")
    yield from (("time:updated", text) for text in _times(page, updated=True))
    yield from (("visible:updated", text) for text, updated in _visible(page) if updated)


def _is_running(moment: Moment, page: Evidence) -> bool:
    captured = page.clock.captured
    return captured is not None and abs(moment.at - captured) < RUNNING


def _address(page: Evidence) -> Moment | None:
    for url in (page.url, page.canonical):
        moment = date_in_address(url, page.clock) if url else None
        if moment is not None:
            return moment
    return None


def _contradicts(moment: Moment, address: Moment | None, rule: str) -> bool:
    """Tell whether a printed date is another post's: permalinks carry the month of publication."""
    if address is None or rule.split(":")[0] not in PRINTED:
        return False
    first = address.at
    span = timedelta(days=1 if address.precision == "day" else 31)
    return not first - SAME_MONTH <= moment.at <= first + span + SAME_MONTH


def _outweighs(moment: Moment, address: Moment | None, page: Evidence) -> bool:
    """Tell whether a printed instant is believed before an address's day in the same month.

    Eight digits of a slug may be another day than the story's. An update may be of another day
    than the publication, so it is not asked.
    """
    if address is None or moment.precision in ("day", "month") or moment.source.endswith("updated"):
        return False
    zone = page.portal.timezone
    return local_day(moment, zone).replace(day=1) == local_day(address, zone).replace(day=1)


def _meta(page: Evidence, names: tuple[str, ...]) -> Iterator[Found]:
    for name in names:
        for content in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", content


def _items(page: Evidence, name: str) -> Iterator[Found]:
    for item in page.items:
        if name in item.names:
            yield f"microdata:{name}", item.value


def _times(page: Evidence, *, updated: bool) -> Iterator[str]:
    """Yield time elements, those nearest to the headline first."""
    found = []
    for element in page.elements["time"][:MOST]:
        value = element.get("datetime") or clean(str(element.text_content()))
        steps = page.near.steps(element) if value else None
        if steps is not None and _is_update(element) == updated:
            found.append((steps, value))
    found.sort(key=lambda pair: pair[0])
    yield from (value for _, value in found)


def _attributes(page: Evidence) -> Iterator[str]:
    """Yield stamps that stand in attributes: hAtom's abbr title, data-date of scripts' widgets."""
    under = (e for e in page.near.after if e.tag == "abbr" or "publish" in (e.get("class") or ""))
    for element in (*page.near.head.elements, *under):
        for name in DATE_ATTRIBUTES:
            value = element.get(name)
            if value and (STAMP.match(value) or EPOCH.match(value)) and not _is_update(element):
                yield value


def _is_update(element: HtmlElement) -> bool:
    """WordPress marks a post never changed "entry-date published updated": that is published."""
    words = (element.get("class") or "").split()
    if "published" in words or "entry-date" in words:
        return False
    parent = element.getparent()
    around = f"{' '.join(words)} {element.get('itemprop') or ''}"
    if parent is not None:
        around += f" {parent.get('class') or ''} {parent.text or ''}"
    return UPDATED_WORD.search(around) is not None


def _visible(page: Evidence) -> Iterator[tuple[str, bool]]:
    """Yield ``(text, whether an update)`` of printed dates: in the head, then above the headline."""
    for line in page.near.head.lines:
        yield from _dates_of(line.text, page)
    for block in page.near.before():
        for line in islice(lines_of(block), 20):
            for text, updated in _dates_of(line.text, page):
                if not _is_site_clock(text, line.element, page):
                    yield text, updated


def _dates_of(text: str, page: Evidence) -> Iterator[tuple[str, bool]]:
    """Split a line at its labels; a date inside a sentence is the story's subject, not its date."""
    if len(text) > 200:
        return
    span = find_date(text, page.language)
    if span is None:
        if len(text) < 30:
            yield text, UPDATED_WORD.search(text) is not None
        return
    update, publish = UPDATED_WORD.search(text), PUBLISHED_WORD.search(text)
    labelled = update or publish or find_date(text[span[1] :], page.language)
    if text.endswith(("।", "?", "!")) or (len(text) - span[1] + span[0] > REST and not labelled):
        return
    if not update:
        yield text, False
    elif publish and publish.start() < update.start():
        yield text[: update.start()], False
        yield text[update.start() :], True
    elif publish:
        yield text[publish.start() :], False
        yield text[: publish.start()], True
    elif update.start() > span[0]:
        yield text[: update.start()], False
        yield text[update.start() :], True
    else:
        yield text, True


def _is_site_clock(text: str, element: HtmlElement, page: Evidence) -> bool:
    """Tell whether a date above the headline is today's, and nothing says it is the story's."""
    captured = page.clock.captured
    moment = read_moment(text, page.clock, "visible")
    if captured is None or moment is None or PUBLISHED_WORD.search(text):
        return False
    zone = page.portal.timezone
    if local_day(moment, zone) != captured.astimezone(page.clock.zone).date():
        return False
    return not _is_date_name(element.get("class") or "")


@lru_cache(maxsize=4096)
def _is_date_name(name: str) -> bool:
    return DATE_CLASS.search(name) is not None


def _labelled(page: Evidence) -> Iterator[str]:
    """Yield dates under the story that are labelled as published: "First Published: …"."""
    for element in page.near.after:
        text = element.text
        if not text or len(text) > 100 or not PUBLISHED_WORD.search(text):
            continue
        line = clean(str(element.text_content()))
        if len(line) <= 120 and find_date(line, page.language):
            yield from (part for part, updated in _dates_of(line, page) if not updated)
