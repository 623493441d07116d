"""A site's address → a portal file: look at it as an archivist would, politely, and say why.

ProbeFailed         an ArchiveError with the exit code of its cause
 ├── Unreachable    the host cannot be found, does not answer, or answers only errors
 ├── Forbidden      robots.txt forbids the home page
 └── NoPortal       there is a site, but nothing that lists stories
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from courlan.urlutils import get_tldinfo

from archive.cli.common import Exit
from archive.errors import ArchiveError, BadSetting
from archive.links.listed import Listing, plain
from archive.links.listing import read_listing
from archive.links.rest import posts_url
from crawler.homepage import Homepage, fits, offsets, read_homepage
from crawler.naming import ascii_host, make_id, web_url
from crawler.politeness import Rules
from crawler.portal import Declaration, user_agent
from crawler.visit import Fetched, Visitor, resolves_to_private

USUAL_FEEDS = ("feed/", "rss.xml", "feed.xml", "rss")
USUAL_SITEMAPS = ("sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml", "news-sitemap.xml")
MAX_FEEDS = 2  # announced feeds that are looked at; a menu of forty is for the crawl to find
MAX_SITEMAPS = 5  # of those in robots.txt; a file is to be read by people
ENOUGH_STORIES = 8  # links to stories on a home page that lists news without any feed

# One zone an offset: where portals in these languages are. Others keep summer time or are many.
_ZONES = {
    (330, "si"): "Asia/Colombo",
    (330, ""): "Asia/Kolkata",
    (345, ""): "Asia/Kathmandu",
    (360, "bn"): "Asia/Dhaka",
    (300, "ur"): "Asia/Karachi",
}


class ProbeFailed(ArchiveError):
    """No portal file could be written."""

    code = Exit.SETTING


class Unreachable(ProbeFailed):
    """The host cannot be found or does not answer."""

    code = Exit.UNREACHABLE


class Forbidden(ProbeFailed):
    """robots.txt forbids the home page."""

    code = Exit.ROBOTS


class NoPortal(ProbeFailed):
    """The site lists no stories."""

    code = Exit.NOTHING


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at a site found; ``notes`` has a comment for keys of the portal file."""

    declaration: Declaration
    notes: Mapping[str, str]
    requests: int


@dataclass(slots=True)
class _Findings:
    """What is known so far, filled in step by step."""

    home: str
    page: Homepage
    asked: str
    feeds: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    rest: str = ""
    name: str = ""
    timezone: str = ""
    items: int = 0
    feed_language: str = ""
    offsets: Counter[int] = field(default_factory=Counter)
    notes: dict[str, str] = field(default_factory=dict)
    looked_for: list[str] = field(default_factory=list)


def probe(
    url: str,
    *,
    now: datetime,
    id: str = "",
    timezone: str = "",
    delay: float = 1.0,
    contact: str = "",
    visitor: Visitor | None = None,
    on_step: Callable[[str], None] = lambda _step: None,
) -> Probe:
    """Look at the site at ``url`` with at most 15 requests and return its portal file's content.

    ``url`` may leave out ``https://``. Its host, and no other, may be on a private or loopback
    address. ``id``, ``timezone``, ``delay`` and ``contact`` are written as given; ``now`` dates
    the file. ``on_step`` is told what is being looked at. Raises ``BadSetting`` for a bad address
    or value, ``ProbeFailed`` otherwise.
    """
    asked = _address(url)
    host = ascii_host(urlsplit(asked).hostname or "")
    if visitor is None:
        visitor = Visitor(user_agent(contact), delay, frozenset({host}))
    on_step(f"home page {asked}")
    found = _home(asked, visitor)
    for look, step in (
        (_look_at_feeds, "feeds"),
        (_look_at_sitemaps, "sitemaps"),
        (_look_at_rest, "WordPress REST"),
    ):
        on_step(step)
        look(found, visitor)
    _judge(found)
    declaration = _declare(found, id, timezone, delay, contact)
    note = f"Written by `morestories portal add {url}` on {now:%Y-%m-%d}; all keys: docs/portals.md"
    return Probe(declaration, {"": note, **found.notes}, visitor.requests)


def _address(url: str) -> str:
    try:
        return web_url(url if "://" in url else f"https://{url}")
    except ValueError as error:
        raise BadSetting(str(error)) from error


def _home(asked: str, visitor: Visitor) -> _Findings:
    """Fetch the home page, and the site's root where ``asked`` was the address of a story."""
    answer = _must(visitor.get(asked), asked)
    page = _read(answer)
    root = urljoin(answer.url, "/")
    if page.is_article and answer.url != root:
        answer = _must(visitor.get(root), root)
        page = _read(answer)
    found = _Findings(web_url(answer.url), page, asked)
    found.offsets.update(dict(page.offsets))
    return found


def _read(answer: Fetched) -> Homepage:
    said = re.search(r"charset=[\"']?([\w-]+)", answer.header("content-type"))
    return read_homepage(answer.body, url=answer.url, charset=said[1] if said else "")


def _must(answer: Fetched, asked: str) -> Fetched:
    """Return an answer that is a page, or raise what kept it from being one."""
    if answer.failure == "robots":
        raise Forbidden(
            f"{answer.url}: {answer.problem}; ask the publisher, or, with permission in hand, "
            'write the portal file yourself with robots = "ignore" (docs/portals.md)'
        )
    if answer.failure == "private":
        raise Unreachable(
            f"{asked}: {answer.problem}, which only an address named by yourself may be; "
            f"if you mean it: morestories portal add {answer.url}"
        )
    if answer.failure:
        same = urlsplit(answer.url).netloc == urlsplit(asked).netloc
        where = asked if same else f"{asked} leads to {answer.url}"
        raise Unreachable(f"{where}: {answer.problem}; check the address{_other_address(asked)}")
    if answer.status in (404, 410):
        raise NoPortal(
            f"{answer.url}: answered {answer.status}, there is no page; check the address"
        )
    if not answer.ok:
        raise Unreachable(
            f"{answer.url}: answered {answer.status} instead of a page; look at it in a browser "
            "and try again later"
        )
    return answer


def _other_address(url: str) -> str:
    return f", or try http://{url[8:]}" if url.startswith("https://") else ""


def _look_at_feeds(found: _Findings, visitor: Visitor) -> None:
    announced = list(found.page.feeds[:MAX_FEEDS])
    usual = [urljoin(found.home, path) for path in USUAL_FEEDS]
    found.looked_for.append("feeds announced by the home page, " + ", ".join(USUAL_FEEDS))
    for candidates, note in (
        (announced, "Announced by the home page"),
        (usual, "Not announced, found at a usual place"),
    ):
        for url in candidates:
            if (listing := _listing(visitor, url)) and listing.kind in ("rss", "atom", "json"):
                found.feeds.append(url)
                _learn_from_feed(found, listing)
            if found.feeds and candidates is usual:
                break
        if found.feeds:
            found.notes["feeds"] = f"{note}; {found.items} stories in it now."
            return


def _learn_from_feed(found: _Findings, listing: Listing) -> None:
    found.items += len(listing.links)
    found.name = found.name or listing.title
    found.feed_language = found.feed_language or listing.language
    found.offsets.update(offsets(" ".join(link.date or "" for link in listing.links)))


def _look_at_sitemaps(found: _Findings, visitor: Visitor) -> None:
    found.looked_for.append("sitemaps in robots.txt, " + ", ".join(USUAL_SITEMAPS))
    rules = visitor.robots(found.home)
    named = [url for url in rules.sitemaps if _is_web(url)] if isinstance(rules, Rules) else []
    if named:
        found.sitemaps = named[:MAX_SITEMAPS]
        more = f", the first {MAX_SITEMAPS} of {len(named)}" if len(named) > MAX_SITEMAPS else ""
        found.notes["sitemaps"] = f"Named in robots.txt{more}; a crawl reads all that are there."
        return
    for path in USUAL_SITEMAPS:
        url = urljoin(found.home, f"/{path}")
        listing = _listing(visitor, url)
        if listing and listing.kind in ("sitemap", "index", "text"):
            found.sitemaps = [url]
            found.items += sum(bool(link.text) for link in listing.links)  # news sitemaps only
            found.notes["sitemaps"] = "Not in robots.txt, found at a usual place."
            return


def _is_web(url: str) -> bool:
    try:
        return bool(web_url(url))
    except ValueError:
        return False


def _listing(visitor: Visitor, url: str) -> Listing | None:
    answer = visitor.get(url)
    if not answer.ok:
        return None
    return read_listing(
        answer.body,
        url=answer.url,
        content_type=answer.header("content-type"),
        headers=answer.headers,
    )


def _look_at_rest(found: _Findings, visitor: Visitor) -> None:
    """Ask WordPress for its name, its time zone and whether it lists its posts."""
    found.looked_for.append("WordPress REST at wp-json/")
    root = found.page.rest or urljoin(found.home, "/wp-json/")
    joint = "&" if "?" in root else "?"
    answer = visitor.get(f"{root}{joint}_fields=name,timezone_string,gmt_offset,namespaces")
    site = _json(answer)
    if "wp/v2" in site.get("namespaces", []):
        found.name = plain(str(site.get("name") or "")) or found.name
        _zone_from_wordpress(found, site)
    elif not found.page.wordpress:  # else the index may be hidden and the posts not
        return
    posts = posts_url(f"{root.rstrip('/')}/wp/v2/posts")
    first = visitor.get(posts.replace("per_page=100", "per_page=1"))
    listing = first.ok and read_listing(first.body, url=posts, headers=first.headers)
    if listing and listing.links:
        total = first.header("x-wp-total")
        count = f"{int(total):,} posts" if total.isascii() and total.isdecimal() else "posts"
        found.rest = posts.partition("?per_page")[0].partition("&per_page")[0]
        found.items += len(listing.links)
        found.notes["rest"] = f"WordPress lists its {count} here."


def _json(answer: Fetched) -> dict[str, Any]:
    try:
        site = json.loads(answer.body) if answer.ok else {}
    except (ValueError, RecursionError):
        return {}
    return site if isinstance(site, dict) else {}


def _zone_from_wordpress(found: _Findings, site: Mapping[str, Any]) -> None:
    zone, hours = site.get("timezone_string"), site.get("gmt_offset")
    if isinstance(zone, str) and "/" in zone:
        found.timezone = zone
        found.notes["timezone"] = "WordPress says so."
    elif isinstance(hours, int | float | str):
        try:
            minutes = round(float(hours) * 60)
        except (ValueError, OverflowError):
            return
        if minutes:
            found.offsets[minutes] += 1_000  # the site's own word outweighs what dates show


def _judge(found: _Findings) -> None:
    page = found.page
    if found.items or page.is_news or page.stories >= ENOUGH_STORIES:
        return
    raise NoPortal(
        f"{found.home}: this does not look like a news portal. Looked for "
        f"{'; '.join(found.looked_for)}; and {ENOUGH_STORIES} links to stories on the page (there "
        f"are {page.stories}). If it is one, write the portal file yourself: docs/portals.md"
    )


def _declare(found: _Findings, id: str, timezone: str, delay: float, contact: str) -> Declaration:
    language = _language(found)
    zone = timezone or _zone(found, language)
    if timezone:
        found.notes["timezone"] = "Given on the command line."
    if found.page.sections:
        found.notes["sections"] = "From the home page's menu; take out what is no section."
    values = {
        "id": id or site_id(found.home),
        "name": found.name or found.page.name,
        "home": found.home,
        "language": language,
        "timezone": zone,
        "theme": found.page.theme,
        "feeds": found.feeds,
        "sitemaps": found.sitemaps,
        "sections": found.page.sections,
        "rest": found.rest,
        "delay": delay,
        "capture": "page+requisites",
        "contact": contact,
        **_hosts(found),
    }
    try:
        return Declaration.model_validate(values)
    except ValueError as error:
        raise BadSetting(_first_fault(error)) from error


def _first_fault(error: ValueError) -> str:
    faults: list[Any] = getattr(error, "errors", list)()
    return "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in faults) or str(error)


def _hosts(found: _Findings) -> dict[str, object]:
    """Add the host that was asked for where it led elsewhere, and a private one by name."""
    values: dict[str, object] = {}
    asked = ascii_host(urlsplit(found.asked).hostname or "")
    default = Declaration(id="x", home=found.home).hosts
    if asked not in default:
        values["hosts"] = (*default, asked)
        found.notes["hosts"] = f"{found.asked} leads to {found.home}."
    if resolves_to_private(asked):
        values["private_addresses"] = (asked,)
        found.notes["private_addresses"] = (
            "On the archivist's own network; named by hand, since crawls never go there otherwise."
        )
    return values


def _language(found: _Findings) -> str:
    """Choose the declared language unless the letters on the page contradict it."""
    page = found.page
    declared = {page.language: "the page's lang", found.feed_language: "the feed"}
    for tag, source in declared.items():
        if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag) and fits(tag, page.script):
            found.notes["language"] = f"From {source}."
            return tag
    if page.script:
        wrong = f', though it says "{page.language}"' if page.language else ""
        found.notes["language"] = f"By the letters on the page{wrong}; change it if that is wrong."
        return page.script
    found.notes["language"] = 'Not found. Fill it in, such as "hi".'
    return ""


def _zone(found: _Findings, language: str) -> str:
    """Return the zone that WordPress names, else the one place of the offset that dates show."""
    if found.timezone:
        return found.timezone
    shown = [minutes for minutes, _ in found.offsets.most_common() if minutes]
    primary = language.partition("-")[0]
    for minutes in shown[:1]:
        hours = f"{minutes / 60:+g} h"
        if zone := _ZONES.get((minutes, primary)) or _ZONES.get((minutes, "")):
            found.notes["timezone"] = f"The site's dates are {hours} from UTC."
            return zone
        found.notes["timezone"] = (
            f"The site's dates are {hours} from UTC, which many zones share. Fill in the place."
        )
        return ""
    found.notes["timezone"] = (
        'Not found. Fill it in, such as "Asia/Kolkata": until then, dates without a zone are UTC.'
    )
    return ""


def site_id(home: str) -> str:
    """Return an id for a portal: its host without ``www.`` and public suffix.

    >>> site_id("https://www.himkhabar.co.in/"), site_id("https://hindi.khabar.com/x")
    ('himkhabar', 'hindi-khabar')
    """
    parts = urlsplit(home)
    host = ascii_host(parts.hostname or "")
    domain, full = get_tldinfo(home, fast=False)
    if domain and full and full.startswith(f"{domain}."):
        host = host.removesuffix(full.removeprefix(domain))
    port = f"-{parts.port}" if parts.port else ""
    return make_id(host + port) or "portal"
