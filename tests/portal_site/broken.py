"""Pages that are not as they should be, linked from the home page as on a real portal."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from tests.portal_site import theme
from tests.portal_site.answer import Answer, redirect
from tests.portal_site.newsroom import Newsroom

_TEXT = (
    "शिमला। यह पुरानी खबर सर्वर बदलते समय अधूरी रह गई थी और अब केवल इसका पहला भाग उपलब्ध है।",
    "नगर निगम ने कहा है कि पुराने अभिलेख खोजे जा रहे हैं और अगले महीने तक सारी सामग्री फिर से जोड़ दी जाएगी।",
    "तब तक पाठक पुस्तकालय में रखी छपी प्रतियां देख सकते हैं, जो सोमवार से शनिवार तक खुला रहता है।",
)


def _page(title: str, body: str, path: str, room: Newsroom, kind: str = "single") -> bytes:
    head = theme.head(title=title, canonical=room.home + path[1:], theme="covernews")
    return theme.frame(head=head, body=body, theme="covernews", kind=kind, latest=())


def _plain(title: str) -> str:
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in _TEXT)
    return f'<article class="post"><h1 class="entry-title">{title}</h1><div class="entry-content">{text}</div></article>'


def _failing(room: Newsroom) -> Answer:
    return Answer(_page("सर्वर त्रुटि", "<h1>सर्वर त्रुटि</h1>", FAILING, room), status=500)


def _truncated(room: Newsroom) -> Answer:
    whole = _page("अधूरी खबर", _plain("अधूरी खबर"), TRUNCATED, room)
    return Answer(whole[: len(whole) * 2 // 3], declared=len(whole))


def _wrong_charset(room: Newsroom) -> Answer:
    page = _page("गलत कूट में छपी खबर", _plain("गलत कूट में छपी खबर"), WRONG_CHARSET, room)
    page = page.replace(b'charset="UTF-8"', b'charset="windows-1252"')
    return Answer(page, "text/html; charset=windows-1252")


def _soft_404(room: Newsroom) -> Answer:
    body = '<section class="error-404 not-found"><h1>पेज नहीं मिला</h1><p>यह पेज हटा दिया गया है।</p></section>'
    return Answer(_page("पेज नहीं मिला", body, SOFT_404, room, "error404"))


def _hostile(room: Newsroom) -> Answer:
    """Answer with 2,000 tables inside each other: a tree that takes minutes where 200 take none.

    The plain-text reader is done with it at once, so its outcome does not hang on the machine.
    """
    body = "&#0;<table>" * 2_000
    return Answer(_page("उलझा पन्ना", body, HOSTILE, room))


def _sitemap(room: Newsroom) -> Answer:
    text = (
        f'<?xml version="1.0"?><urlset><url><loc>{room.home}</loc></url><url><loc>{room.home}2026'
    )
    return Answer(text.encode(), "application/xml")


def _gallery(room: Newsroom) -> Answer:
    pictures = "".join(
        f'<figure class="wp-block-image"><img src="/wp-content/uploads/2026/10/{900 + n}.png" '
        f'alt="चित्र {n}"><figcaption>चित्र {n}</figcaption></figure>'
        for n in range(1, 9)
    )
    body = (
        '<article class="post format-gallery"><h1 class="entry-title">तस्वीरों में: बर्फ से ढके पहाड़</h1>'
        f'<div class="entry-content"><div class="wp-block-gallery">{pictures}</div></div></article>'
    )
    return Answer(_page("तस्वीरों में: बर्फ से ढके पहाड़", body, GALLERY, room))


def _loop(room: Newsroom) -> Answer:
    return redirect(LOOP + "?phir=1", 302)


def _old_address(room: Newsroom) -> Answer:
    return redirect(room.listed()[12].url)


FAILING = "/2026/08/server-truti/"
TRUNCATED = "/2026/08/adhuri-khabar/"
WRONG_CHARSET = "/2026/08/galat-koot/"
EMPTY = "/2026/08/khali-panna/"
SOFT_404 = "/2026/08/hataya-gaya/"
HOSTILE = "/2026/08/uljha-panna/"
GALLERY = "/2026/10/tasveeron-mein-pahad/"
LOOP = "/2026/08/ghoomta-pata/"
OLD_ADDRESS = "/2026/08/purana-pata/"
ABSENT = "/2026/08/kabhi-nahin-tha/"
BROKEN_SITEMAP = "/sitemap-toota.xml"

PAGES: dict[str, Callable[[Newsroom], Answer]] = {
    FAILING: _failing,
    TRUNCATED: _truncated,
    WRONG_CHARSET: _wrong_charset,
    EMPTY: lambda room: Answer(b""),
    SOFT_404: _soft_404,
    HOSTILE: _hostile,
    GALLERY: _gallery,
    LOOP: _loop,
    OLD_ADDRESS: _old_address,
    BROKEN_SITEMAP: _sitemap,
}


def menu(room: Newsroom) -> str:
    """Return the home page's block of links to them, and to a page that never was."""
    paths = [path for path in (*PAGES, ABSENT) if path != BROKEN_SITEMAP]
    items = "".join(
        f"<li>{theme.link(path, f'पुराना पन्ना {n}')}</li>" for n, path in enumerate(paths, 1)
    )
    return f'<div class="widget widget_nav_menu"><h2 class="widget-title">पुराने पन्ने</h2><ul>{items}</ul></div>'
