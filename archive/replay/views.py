"""The replay's own pages. None has a script; captured pages stand in frames of no origin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby, islice
from typing import Any, Final
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response

from archive.cdxj import Entry
from archive.errors import ArchiveError, Moved
from archive.replay import tables
from archive.replay.answer import POLICY, SAFE
from archive.replay.asked import Asked, address, ascii_url
from archive.replay.difference import counted
from archive.replay.index import Index, moment
from archive.replay.links import WEB, replay_path
from archive.replay.memento import REVISIT, Memento
from archive.replay.revisions import difference, pair, revisions
from archive.replay.timemap import date
from archive.search.find import Hit

SANDBOX: Final = "allow-top-navigation-by-user-activation"
_OWN_POLICY: Final = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_MOST_A_MONTH: Final = 300  # captures listed on the calendar's page
_MOST_NEAR: Final = 8


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("archive.replay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def rendered(template: str, **told: Any) -> str:
    """Fill in a template, everything escaped."""
    return _environment().get_template(template).render(told)


def _page(template: str, status: int = 200, *, framed: bool = False, **told: Any) -> Response:
    """Return one of our pages; ``framed`` if it may stand in the frame of a captured page."""
    text = rendered(template, **{"q": "", **told})
    policy = f"{_OWN_POLICY}; {POLICY.partition(';')[0]}" if framed else _OWN_POLICY
    if framed:
        policy = policy.replace("; frame-ancestors 'none'", "")
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", **SAFE}
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(text, status, headers, media_type="text/html; charset=utf-8")


def style() -> Response:
    text = (files("archive.replay") / "templates" / "style.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css")


def front(index: Index) -> Response:
    """Show the portals and how many captures each day has."""
    found = tables.portals(index.archive, index.portal)
    told = [
        {
            "id": one.id,
            "name": one.name,
            "home": one.home,
            "captures": one.captures,
            "stories": one.stories,
            "calendar": list(_months(one)),
        }
        for one in found
    ]
    return _page("front.html", heading=f"Captures in {index.archive.name}", portals=told)


def _months(portal: tables.PortalDays) -> Iterator[tuple[str, list[tuple[int, int, str]]]]:
    """Yield each month with its days, their number of captures and where the home page then is."""
    for month, days in groupby(portal.days, lambda one: f"{one[0]:%Y-%m}"):
        yield (
            month,
            [
                (
                    day.day,
                    count,
                    replay_path(ascii_url(portal.home), f"{day:%Y%m%d}235959")
                    if portal.home
                    else "",
                )
                for day, count in days
            ],
        )


def search(index: Index, text: str) -> Response:
    """Look up an address, or find stories by their words."""
    text = text.strip()
    if not text:
        return RedirectResponse("/", 303)
    if text.startswith(("http://", "https://")) or ("." in text and " " not in text):
        return RedirectResponse(f"{WEB}*/{ascii_url(address(text))}", 303)
    found = tables.search(index.archive, text, index.portal)
    return _page("results.html", q=text, total=found.total, hits=list(map(_hit, found.hits)))


def _hit(hit: Hit) -> dict[str, Any]:
    pieces, at = [], 0
    for start, end in hit.marks:
        pieces += [(hit.snippet[at:start], False), (hit.snippet[start:end], True)]
        at = end
    return {
        "title": hit.title,
        "link": f"{WEB}{ascii_url(hit.url)}",
        "url": hit.url,
        "portal": hit.portal,
        "day": f"{hit.published:%Y-%m-%d}" if hit.published else "no date",
        "snippet": [*pieces, (hit.snippet[at:], False)],
    }


def captures(index: Index, url: str, year: str) -> Response:
    """Show the captures of an address, one year at a time."""
    entries = index.of(url)
    years: Counter[str] = Counter()
    of_year: dict[str, list[Entry]] = {}
    for entry in entries:
        years[entry.timestamp[:4]] += 1
        of_year.setdefault(entry.timestamp[:4], []).append(entry)
    if not years:
        return never(index, Asked(url))
    shown = year if year in years else max(years)
    months = [
        (month, [_listed(one) for one in some[:_MOST_A_MONTH]], max(0, len(some) - _MOST_A_MONTH))
        for month, some in (
            (f"{stamp[:4]}-{stamp[4:]}", list(group))
            for stamp, group in groupby(of_year[shown], lambda one: one.timestamp[:6])
        )
    ]
    return _page(
        "captures.html",
        q=url,
        url=url,
        total=sum(years.values()),
        years=sorted(years.items()),
        shown=shown,
        months=months,
    )


def _listed(entry: Entry) -> tuple[str, str, str]:
    at = moment(entry.timestamp)
    note = "unchanged" if entry.mime == REVISIT else entry.status if entry.status != "200" else ""
    return f"{at:%d %H:%M:%S}", replay_path(ascii_url(entry.url), entry.timestamp), note


def frame(
    index: Index,
    entry: Entry,
    memento: Memento | ArchiveError,
    *,
    full: str = "",
    playing: str = "",
) -> Response:
    """Show a capture in its frame, with when it was made and what is wrong with it.

    ``full`` is where it is shown with scripts, ``playing`` the player's page if that is here.
    """
    url = ascii_url(entry.url)
    notes = [str(memento)] if isinstance(memento, ArchiveError) else list(memento.notes)
    if not isinstance(memento, ArchiveError) and memento.status >= 400:
        notes.append(f"The server answered {memento.status}.")
    near = list(islice(index.nearest(entry.url, entry.timestamp), 12))
    before = max((e.timestamp for e in near if e.timestamp < entry.timestamp), default="")
    after = min((e.timestamp for e in near if e.timestamp > entry.timestamp), default="")
    answer = _page(
        "frame.html",
        url=_readable(entry.url),
        at=f"{moment(entry.timestamp):%Y-%m-%d %H:%M:%S}",
        before=before and replay_path(url, before),
        after=after and replay_path(url, after),
        content=playing or replay_path(url, entry.timestamp, "mp_"),
        raw=replay_path(url, entry.timestamp, "id_"),
        notes=notes,
        sandbox="allow-scripts allow-same-origin" if playing else SANDBOX,
        full="" if playing else full,
        static=replay_path(url, entry.timestamp) if playing else "",
    )
    if playing:
        policy = _OWN_POLICY.replace(
            "frame-src 'self'", f"frame-src {playing.partition('/play')[0]}"
        )
        answer.headers["Content-Security-Policy"] = policy
    answer.headers["Memento-Datetime"] = date(entry)
    return answer


def diff(index: Index, url: str, old: str, new: str) -> Response:
    """Show what changed between two revisions: the words, and the two pages side by side.

    ``old`` and ``new`` are stamps (up to 14 digits) at which they stood; "" takes the last two.
    """
    found = revisions(index.archive, url)
    if len(found) < 2:
        known = f"is known, seen since {found[0].label}" if found else "is in the tables"
        text = f"{'Only one' if found else 'No'} revision of {_readable(url)} {known}."
        return fault(404, "Nothing to compare", text)
    left, right = pair(found, moment(old) if old else None, moment(new) if new else None)
    lines = difference(left, right)
    removed, added = counted(lines)
    return _page(
        "diff.html",
        q=url,
        url=url,
        title=right.title,
        revisions=found,
        old=left,
        new=right,
        lines=lines,
        summary=f"{removed} words removed, {added} added.",
        sandbox=SANDBOX,
    )


def _readable(url: str) -> str:
    return unquote(url)


def never(index: Index, asked: Asked) -> Response:
    """Say that an address was never captured, with what is near it."""
    if asked.modifier in ("im_", "cs_"):
        return fault(404, "Never captured", f"{asked.url} is not in this archive.")
    told = tables.story(index.archive, asked.url)
    near = index.neighbours(asked.url, _MOST_NEAR)
    return _page(
        "fault.html",
        404,
        framed=True,
        heading="This address was never captured",
        text=f"No WARC of this archive holds an answer from {_readable(asked.url)}.",
        near=[(one, replay_path(ascii_url(one.url), one.timestamp)) for one in near],
        article=told
        and {
            "title": told.title,
            "link": replay_path(ascii_url(told.url), f"{told.seen:%Y%m%d%H%M%S}"),
        },
    )


def excluded(asked: Asked, reason: str) -> Response:
    """Say why captures that are there are not shown (RFC 7725)."""
    return fault(451, "These captures are not shown", f"{_readable(asked.url)}: {reason}")


def damaged(asked: Asked, error: ArchiveError) -> Response:
    """Say which record cannot be shown, and why."""
    what = "moved" if isinstance(error, Moved) else "damaged"
    text = f"{_readable(asked.url)} was captured, but its record is {what}. {error}"
    return fault(502, "This capture cannot be shown", text)


def fault(status: int, heading: str, text: str) -> Response:
    """Return a page that says what is wrong; it may stand in a captured page's frame."""
    return _page(
        "fault.html", status, framed=True, heading=heading, text=text, near=[], article=None
    )
