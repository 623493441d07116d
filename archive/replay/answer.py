"""A capture as an HTTP answer of the replay: body, headers, and what it may not do."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response
from w3lib.encoding import html_to_unicode

from archive.replay.asked import Asked, ascii_url, byte_range
from archive.replay.links import WEB, Links, replay_path
from archive.replay.markup import rewrite_page
from archive.replay.memento import Memento
from archive.replay.styles import rewrite_style
from archive.replay.timemap import date, uri
from archive.warc.message import header

POLICY: Final = "; ".join(
    (
        # No scripts, no forms, no plug-ins, an origin of its own; links that a person clicks may
        # leave the frame for another page of the replay.
        "sandbox allow-top-navigation-by-user-activation",
        "default-src 'none'",
        "img-src 'self' data:",
        "media-src 'self' data:",
        "font-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
SAFE: Final = {
    "Referrer-Policy": "no-referrer",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
_FONT: Final = re.compile(r"font|woff|opentype|truetype", re.I)
_LOOKS_HTML: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_NOT_SENT_ON: Final = frozenset({"set-cookie", "set-cookie2"})
_WITHOUT_BODY: Final = frozenset({204, 205, 304})
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def is_page(memento: Memento) -> bool:
    """Tell whether a browser would show it as a page."""
    if memento.media_type:
        return memento.media_type in _PAGES
    return bool(_LOOKS_HTML.match(memento.body[:4_096]))


def answer(asked: Asked, memento: Memento, origin: str, wanted_range: str) -> Response:
    """Return what a browser gets for ``asked``, that capture being the nearest one."""
    headers = memento_headers(memento, asked.url, origin) | original_headers(memento)
    if asked.modifier != "id_" and 300 <= memento.status < 400:
        location = header(memento.headers, "location")
        links = Links(memento.entry.url, memento.entry.timestamp)
        if led := location and links.to(location, asked.modifier):
            return Response(b"", memento.status, headers | {"Location": ascii_url(led)})
    body, content_type = _body(asked, memento)
    if content_type:
        headers["Content-Type"] = _latin(content_type)
    if _FONT.search(content_type) or re.search(r"\.(?:woff2?|ttf|otf|eot)(?:\?|$)", asked.url):
        headers["Access-Control-Allow-Origin"] = "null"  # fonts are fetched with CORS
    return _ranged(body, memento.status, headers, wanted_range)


def memento_headers(memento: Memento, url: str, origin: str) -> dict[str, str]:
    """Return what RFC 7089 wants of a memento, and what keeps the browser in the replay."""
    asked = ascii_url(url)
    entry = memento.entry
    links = (
        f'<{ascii_url(entry.url)}>; rel="original"',
        f'<{origin}{WEB}{asked}>; rel="timegate"',
        f'<{origin}{WEB}timemap/link/{asked}>; rel="timemap"; type="application/link-format"',
        f'<{uri(origin, entry)}>; rel="memento"; datetime="{date(entry)}"',
    )
    return {
        "Memento-Datetime": date(entry),
        "Link": ", ".join(links),
        "Content-Location": replay_path(ascii_url(entry.url), entry.timestamp, "mp_"),
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        **SAFE,
    }


def original_headers(memento: Memento) -> dict[str, str]:
    """Return the answer's own headers as others name them (``X-Archive-Orig-…``); no cookies."""
    kept: dict[str, str] = {}
    for name, value in memento.headers:
        if name not in _NOT_SENT_ON and _TOKEN.fullmatch(name):
            kept.setdefault(f"X-Archive-Orig-{name}", _latin(value))
    return kept


def _latin(value: str) -> str:
    """Return a header's value as Starlette can send it, on one line."""
    return " ".join(value.encode("latin-1", "replace").decode("latin-1").split())


def _body(asked: Asked, memento: Memento) -> tuple[bytes, str]:
    """Return body and Content-Type; a page and a style sheet keep the charset that they came in."""
    entry = memento.entry
    links = Links(entry.url, entry.timestamp)
    if asked.modifier in ("mp_", "") and is_page(memento):
        encoding, text = html_to_unicode(memento.content_type or None, memento.body)
        encoding = "utf-8" if encoding.startswith("utf-16") else encoding
        page = rewrite_page(text, links).encode(encoding, "xmlcharrefreplace")
        return page, f"{memento.media_type or 'text/html'}; charset={encoding}"
    if asked.modifier == "cs_" or (asked.modifier != "id_" and memento.media_type == "text/css"):
        # latin-1 is one character a byte: whatever the sheet's charset, its bytes come back.
        css = rewrite_style(memento.body.decode("latin-1"), links).encode("latin-1", "replace")
        return css, memento.content_type or "text/css"
    return memento.body, memento.content_type


def _ranged(body: bytes, status: int, headers: dict[str, str], wanted: str) -> Response:
    if status in _WITHOUT_BODY or not 200 <= status <= 599:
        status = 200  # an answer without a body is shown as an empty page
    if status != 200:
        return Response(body, status, headers)
    headers["Accept-Ranges"] = "bytes"
    part = byte_range(wanted, len(body)) if wanted else None
    if part is None:
        return Response(body, 200, headers)
    if not part:
        return Response(b"", 416, headers | {"Content-Range": f"bytes */{len(body)}"})
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
    return Response(body[part.start : part.stop], 206, headers)
