"""An HTTP answer before it is sent."""

from __future__ import annotations

from dataclasses import dataclass

HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the portal says to one request; ``headers`` come after the usual ones.

    ``etag`` and ``modified`` (an HTTP date) make an answer conditional. ``declared`` is the
    Content-Length to claim where it differs from the body's.
    """

    body: bytes = b""
    type: str = HTML
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = ""
    modified: str = ""
    declared: int | None = None


def redirect(to: str, status: int = 301) -> Answer:
    """Return a redirect to ``to``."""
    return Answer(status=status, headers=(("Location", to), ("X-Redirect-By", "WordPress")))
