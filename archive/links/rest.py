"""WordPress's REST listing of posts → links; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from archive.link import LinkKind
from archive.links import objects, xml
from archive.links.listed import Collector, Listing, absolute, join_problems

PER_PAGE = 100  # the most that WordPress gives (REST API handbook, "Pagination")
_FIELDS = "id,link,title,date,date_gmt,modified_gmt"
Headers = Iterable[tuple[str, str]]


def read_posts(payload: bytes, *, url: str, headers: Headers = (), charset: str = "") -> Listing:
    """Read an answer of ``/wp-json/wp/v2/posts``.

    Links have kind ``rest``, the post's title and its last change (``modified_gmt``, marked as
    UTC; without it ``date``, which is the site's local time and stays without an offset). ``next``
    follows ``X-WP-TotalPages`` (any case), else the ``Link`` header, else a page that is full.
    WordPress's own error answers give their code as ``problem``. Never raises on any bytes.
    """
    text, cut = xml.text_of(payload, charset)
    text = _from_json_on(text)
    top, posts, problem = objects.read_items(text)
    if code := objects.string(top.get("code")):
        problem = f"the server answered {code[:100]!r}"
    elif top or not text.startswith("["):
        problem = problem or "something else instead of a list of posts"
    links = Collector(url)
    for post in posts:
        title = post.get("title")
        rendered = title.get("rendered") if isinstance(title, dict) else title
        links.add(
            LinkKind.REST,
            objects.string(post.get("link")),
            objects.string(rendered),
            _changed(post),
        )
    return Listing(
        "rest",
        links=links.links,
        next=_next(url, {k.lower(): v for k, v in headers}, len(posts)),
        problem=join_problems([links.problem(cut, problem)]),
    )


def _from_json_on(text: str) -> str:
    """Drop what a PHP warning printed before the JSON."""
    start = re.search(r'\[\s*\{\s*"|\[\s*\]|\{\s*"', text[:65_536])
    return text[start.start() :] if start else text.strip()


def _changed(post: objects.Object) -> str:
    for key in ("modified_gmt", "date_gmt"):
        date = objects.string(post.get(key))
        if date and not date.startswith("0000"):
            return date if re.search(r"Z|[+-]\d\d:?\d\d$", date) else f"{date}+00:00"
    return objects.string(post.get("date"))


def _next(url: str, headers: dict[str, str], count: int) -> tuple[str, ...]:
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    page, total = _number(query.get("page"), 1), _number(headers.get("x-wp-totalpages"), 0)
    after = _with_query(url, {"page": str(page + 1)})
    if total:
        following = after if page < total else ""
    elif "link" in headers:
        named = re.search(r'<([^<>]{1,2000})>\s*;\s*rel="?next\b', headers["link"][:8_000])
        following = absolute(url, named[1]) if named else ""
    else:
        following = after if count >= _number(query.get("per_page"), 10) else ""
    return (following,) if following and count else ()


def posts_url(rest: str) -> str:
    """Return the address of the first page of a posts listing: a hundred posts, their links only.

    What ``rest`` already asks for (another ``per_page``, a category) is kept.

    >>> posts_url("https://example.org/wp-json/wp/v2/posts")
    'https://example.org/wp-json/wp/v2/posts?per_page=100&_fields=id,link,title,date,date_gmt,modified_gmt'
    """
    asked = dict(parse_qsl(urlsplit(rest).query, keep_blank_values=True))
    wanted = {"per_page": str(PER_PAGE), "_fields": _FIELDS}
    return _with_query(rest, {k: v for k, v in wanted.items() if k not in asked})


def _with_query(url: str, changed: dict[str, str]) -> str:
    parts = urlsplit(url)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in asked if name not in changed]
    query = urlencode([*kept, *changed.items()], safe=",/")
    return urlunsplit(parts._replace(query=query, fragment=""))


def _number(text: str | None, default: int) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else default
