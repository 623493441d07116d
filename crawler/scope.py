"""Which links are followed, in what order, and why the others are not.

A link becomes an :class:`Offer`: its URL cleaned of what only tracks, a key that makes two
spellings one, a priority, and a reason where it is not to be fetched. Nothing is decided in
silence: the frontier keeps the reason, and ``morestories frontier why URL`` tells it. Only links
that leave the portal's hosts are not kept: they are rows in ``links`` anyway.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

from archive.link import Link, LinkKind
from archive.links.rest import posts_url
from crawler.frontier import Offer
from crawler.portal import Declaration

# Parameters that say where a reader came from or who she is, never which page she sees.
TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|amp_gsa|"
    r"phpsessid|jsessionid|sessionid|doing_wp_cron",
    re.IGNORECASE,
)
SESSION_PATH = re.compile(r";jsessionid=[^/?]*", re.IGNORECASE)

# What is never a story: (reason, what the path and query look like).
TRAPS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        ("reply_form", r"[?&]replytocom="),
        ("search_form", r"[?&]s=|/search/"),
        ("share_button", r"[?&](share|nb|like_comment|openidserver)="),
        ("print_view", r"[?&]print=|/print/?$"),
        ("session", r"[?&](add-to-cart|_wpnonce|redirect_to)="),
        ("login", r"/wp-(login|signup|register)\.php|/wp-admin/|/xmlrpc\.php"),
        ("comment_feed", r"/comments/feed/|/\d{4}/(\d\d/)?(\d\d/)?[^/]+/feed/|[?&]feed=comments"),
        # They list the archives of tags and authors, which are not fetched either.
        (
            "archive_sitemap",
            r"/wp-sitemap-(users|taxonomies-post_tag)-\d+\.xml|/(author|post_tag)-sitemap\d*\.xml",
        ),
        ("attachment", r"[?&]attachment_id=|/attachment/"),
        ("author_archive", r"/author/|[?&]author(_name)?="),
        ("tag_archive", r"/tags?/[^/]+|[?&]tag="),
        (
            "date_archive",
            r"^(/(?!page/)[a-z-]+)?/(19|20)\d\d/(\d\d?/){0,2}(page/\d+/?)?$|[?&]m=\d{4,8}\b",
        ),
        ("rest_object", r"/wp-json/(?!wp/v2/posts)|[?&]rest_route=(?!/wp/v2/posts)"),
        ("feed_format", r"/feed/(atom|rdf|rss)/|[?&]feed=(?!rss2&paged=)"),
        (
            "calendar",
            r"[?&](ical|tribe-bar-date|eventDisplay)=|/calendar/|"
            r"/events?/(list|month|day|week|\d{4}-\d\d)",
        ),
    )
)
FILES = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|svg|ico|bmp|css|js|mjs|woff2?|ttf|eot|mp[34]|m4[av]|webm|ogg|wav|"
    r"avi|mov|pdf|docx?|xlsx?|pptx?|zip|rar|7z|tgz|apk|exe|dmg)$",
    re.IGNORECASE,
)
LISTING = re.compile(
    r"^/?$|/page/\d+/?$|/(category|section|topic|topics|archives?)/|/feed/?$|[?&]paged?=\d+|"
    r"sitemap[^/]*\.(xml|txt)(\.gz)?$|/wp-json/|[?&](rest_route|feed)=",
    re.IGNORECASE,
)
PAGE_NUMBER = re.compile(r"/page/(\d+)/?$|[?&]paged?=(\d+)")
_PART = re.compile(r"[?&](?:page|pg)=\d+(?=&|$)")
REPEATED = re.compile(r"(/[^/]+)\1{2,}(/|$)|(/[^/]+/[^/]+)\3{2,}(/|$)")

# An address that w3lib leaves as it is, as it does most, after a long look.
PLAIN = re.compile(
    r"https?://[a-z0-9-]++(?:\.[a-z0-9-]++)*+(?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?"
    r"/(?:(?!\.)(?:[\w~.-]++|(?:%[89A-F][0-9A-F])++)++(?:/|$))*+",
    re.ASCII,
)

MAX_URL = 2083  # the longest address that browsers have agreed on
MAX_DEPTH = 12  # path segments; news portals stay under six
MAX_OF_A_PATTERN = 300  # addresses that differ only in a query's values: a filter, a calendar
MAX_COUNTED = 500_000  # addresses under all patterns, some 40 MB; then the stalest pattern goes
MAX_PAGE_NUMBER = 2000  # WordPress answers /page/20140/ all the same

# Parameters that number posts and pages; every value is a page of its own.
COUNTING = {"p", "page_id", "post", "paged", "page", "cat", "id", "newsid", "story"}

# Lower is fetched sooner: what lists stories comes before the stories.
PRIORITY = {
    LinkKind.SEED: 0,
    LinkKind.REST: 1,
    LinkKind.FEED: 2,
    LinkKind.SITEMAP: 2,
    LinkKind.REDIRECT: 2,
    LinkKind.MORE_STORIES: 3,
    LinkKind.SECTION: 3,
    LinkKind.PAGINATION: 4,
}
OTHER_PRIORITY = 5
EXCLUDED = "excluded"  # the reason that ``frontier why`` looks up
REQUISITE_PRIORITY = 8  # what a page says comes before how it looks
REQUISITE_AGE = 30 * 86_400.0  # seconds; a stylesheet changes under its address now and then

# An item of a feed or of the REST listing is a story by the portal's own word, even if its
# address looks like an archive's (permalinks may be /2024/).
LISTED = {LinkKind.FEED, LinkKind.REST}
ARCHIVES = {"tag_archive", "author_archive", "date_archive"}

# Kinds that are kept as rows but lead to no fetch: the same story once more, or no page.
UNFOLLOWED = {LinkKind.AMP, LinkKind.ALTERNATE, LinkKind.REQUISITE}


class Scope:
    """Judge links for one portal: no clock, no store, only the budgets of one run.

    ``excluded`` tells what was taken out of the archive; not even the portal's file brings it back.
    """

    def __init__(
        self, portal: Declaration, excluded: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._portal = portal
        self._excluded = excluded
        # What the archivist named is never a trap, whatever it looks like.
        rest = (posts_url(portal.rest),) if portal.rest else ()
        named = (portal.home, *rest, *portal.feeds, *portal.sitemaps, *portal.sections)
        self._named = {key_of(clean(url)) for url in named}
        self._patterns: OrderedDict[int, set[int]] = OrderedDict()  # hashes; the stalest first
        self._counted = 0

    def offers(
        self, links: Iterable[Link], *, via: str, hops: int, again: bool = False
    ) -> Iterator[Offer]:
        """Yield an offer for each link that stays on the portal, with its reason if it is refused.

        ``hops`` is the count for these links. ``again`` says that they are listings, and asks for
        them anew.
        """
        for link in links:
            if link.kind in UNFOLLOWED:
                continue
            try:
                url = clean(link.url)
            except ValueError:
                continue  # no URL at all: "http://[", a port of letters
            if not self._portal.covers(url):
                continue
            yield self._offer(link, url, via, hops, again)

    def requisites(
        self, urls: Iterable[str], *, via: str, hops: int, now: float
    ) -> Iterator[Offer]:
        """Yield an offer for each address that a page needs to look right, on whatever host.

        No trap is among them and none leads further: only the archivist's ``skip`` counts.
        """
        for address in urls:
            try:
                url = clean(address)
            except ValueError:
                continue
            yield Offer(
                url=url,
                key=key_of(url),
                host=urlsplit(url).hostname or "",
                kind=LinkKind.REQUISITE,
                via=via,
                hops=hops,
                priority=REQUISITE_PRIORITY,
                reason="too_long" if len(url) > MAX_URL else self._unwanted(url),
                changed=now - REQUISITE_AGE,
            )

    def _unwanted(self, url: str) -> str:
        if self._excluded(url):
            return EXCLUDED
        return "skip_rule" if self._portal.skips(url) else ""

    def _offer(self, link: Link, url: str, via: str, hops: int, again: bool) -> Offer:
        key = key_of(url)
        # What is asked for anew in each run lists stories, whatever its address: /rss.xml, /shimla/.
        listing = again or is_listing(url) or link.kind in (LinkKind.SEED, LinkKind.PAGINATION)
        return Offer(
            url=url,
            key=key,
            host=urlsplit(url).hostname or "",
            kind=link.kind,
            via=via,
            hops=hops,
            priority=PRIORITY.get(link.kind, OTHER_PRIORITY),
            listing=listing,
            reason=self._reason(url, key, link.kind, hops),
            again=again,
            changed=_timestamp(link.date) if link.kind is LinkKind.SITEMAP else None,
        )

    def _reason(self, url: str, key: str, kind: LinkKind, hops: int) -> str:
        if self._excluded(url):
            return EXCLUDED
        if key in self._named:
            return ""
        return self.refusal(url, kind, hops) or self._over_budget(url, key)

    def _over_budget(self, url: str, key: str) -> str:
        """Count the address under its pattern: its path, and the names in its query."""
        parts = urlsplit(url)
        names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if not names - COUNTING or "/wp-json/" in parts.path:
            return ""
        pattern = hash((parts.path, *sorted(names)))
        keys = self._patterns.setdefault(pattern, set())
        self._patterns.move_to_end(pattern)
        mark = hash(key)
        if mark in keys:
            return ""
        if len(keys) >= MAX_OF_A_PATTERN:
            return "pattern_budget"
        keys.add(mark)
        self._counted += 1
        while self._counted > MAX_COUNTED:  # a pattern that is met again has its budget anew
            _, stalest = self._patterns.popitem(last=False)
            self._counted -= len(stalest)
        return ""

    def withdrawn(self, url: str, kind: LinkKind) -> str:
        """Say why a URL that was queued earlier is not to be fetched now; "" if it is."""
        if self._excluded(url):
            return EXCLUDED
        if kind is LinkKind.REQUISITE:
            unwanted = "" if self._portal.capture == "page+requisites" else "page_only"
            return unwanted or self._unwanted(url)
        if not self._portal.covers(url):
            return "other_host"
        named = key_of(url) in self._named
        return "skip_rule" if self._portal.skips(url) and not named else ""

    def refusal(self, url: str, kind: LinkKind, hops: int) -> str:
        """Say in a word why a URL of the portal is not to be fetched; "" if it is."""
        parts = urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        if len(url) > MAX_URL:
            return "too_long"
        if self._portal.skips(url):
            return "skip_rule"
        if FILES.search(parts.path):
            return "file"
        for reason, pattern in TRAPS:
            if pattern.search(path) and not (reason in ARCHIVES and kind in LISTED):
                return reason
        if path.count("/") > MAX_DEPTH or REPEATED.search(path):
            return "repeated_folders"
        number = PAGE_NUMBER.search(path)
        if number and int((number[1] or number[2])[:9]) > MAX_PAGE_NUMBER:
            return "endless_pagination"
        depth = self._portal.max_depth
        if depth is not None and hops > depth and kind is not LinkKind.PAGINATION:
            return "max_depth"
        return ""


def clean(url: str) -> str:
    """Return the URL to fetch: no fragment, no tracking, escaped as browsers do.

    Percent-encoding is added where it is needed, never changed: the bytes of a Hindi slug stay
    as the site wrote them (no NFC). Raises ValueError for what is no URL.

    >>> clean("https://a.example/x/?utm_source=rss&id=7#top")
    'https://a.example/x/?id=7'
    """
    if PLAIN.fullmatch(url):
        return url
    parts = urlsplit(safe_url_string(url.strip()))
    _ = parts.port  # ValueError if it is no number
    query = parts.query
    if query and TRACKING.search(query):
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
        kept = [(name, value) for name, value in pairs if not TRACKING.fullmatch(name)]
        query = query if len(kept) == len(pairs) else urlencode(kept, encoding="latin-1")
    path = SESSION_PATH.sub("", parts.path) or "/"
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, query, ""))


def key_of(url: str) -> str:
    """Return what two spellings of one address share: sorted query, one escaping.

    A trailing slash counts: servers redirect from one form to the other, and a key that folded
    them would take the redirect's target for a page already seen.
    """
    key = url if PLAIN.fullmatch(url) else str(canonicalize_url(url))
    if len(key) <= MAX_URL:
        return key
    # PostgreSQL indexes no more than 2,704 bytes; such an address is refused, its reason kept.
    return f"{key[:200]}#{hashlib.sha256(key.encode()).hexdigest()}"


def is_listing(url: str) -> bool:
    """Tell by its address whether a page is read for its links: home, section, feed, page 2."""
    parts = urlsplit(url)
    return bool(LISTING.search(parts.path + ("?" + parts.query if parts.query else "")))


def is_part_of(url: str, story: str) -> bool:
    """Tell whether an address is another page of a story: it differs by the page's number alone.

    WordPress writes ``/slug/2/``, and ``?p=7&page=2`` where permalinks are plain; others
    ``/slug/?page=2``, which by its address alone could as well be the second page of a section.

    >>> is_part_of("https://a.example/x/?page=2", "https://a.example/x/")
    True
    >>> is_part_of("https://a.example/section/?page=2", "https://a.example/x/")
    False
    """
    return _PART.sub("", url) == _PART.sub("", story)


def _timestamp(date: str | None) -> float | None:
    """Return a sitemap's ``lastmod`` in epoch seconds; a day alone means its midnight, UTC."""
    if not date:
        return None
    try:
        when = datetime.fromisoformat(date)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
