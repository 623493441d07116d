"""``application/warc-fields`` blocks, and what ours say about a capture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from archive.capture import About
from archive.link import LinkKind

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_PORTAL: Final = "morestories-portal"
_KIND: Final = "morestories-link-kind"
_HOPS: Final = "morestories-hops"
_ROBOTS: Final = "morestories-robots"
_RESERVATION: Final = "morestories-reservation"
_HEAD: Final = "morestories-response-head"
# Heritrix's letters for hopsFromSeed; every other kind of link is an L.
_HOP_LETTER: Final = {LinkKind.REDIRECT: "R", LinkKind.REQUISITE: "E"}
_MOST_LETTERS: Final = 50  # Heritrix stops there too


def write_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the lines of a warc-fields block; a value's line breaks become spaces."""
    lines = [f"{name}: {_one_line(value)}\r\n" for name, value in fields]
    return "".join(lines).encode("utf-8", "backslashreplace")


def _one_line(value: str) -> str:
    return value if value.isprintable() else _CONTROL.sub(" ", value).strip()


def read_fields(block: bytes) -> tuple[tuple[str, str], ...]:
    """Return the named fields in order, names as written; lines without a colon are skipped."""
    text = block.decode("utf-8", "replace")
    pairs = (line.partition(":") for line in text.splitlines())
    return tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)


def about_fields(about: About) -> list[tuple[str, str]]:
    """Return the fields of the ``metadata`` record that :func:`read_about` reads back.

    ``via`` and ``hopsFromSeed`` are WARC 1.1's (Heritrix's): one letter a hop. Only the kind of
    the last hop is known here, so earlier ones are L; the exact count is ``morestories-hops``.
    """
    fields = [("via", about.via)] if about.via else []
    if about.hops:
        path = "L" * (min(about.hops, _MOST_LETTERS) - 1) + _HOP_LETTER.get(about.kind, "L")
        fields.append(("hopsFromSeed", path))
    fields += [
        (_PORTAL, about.portal),
        (_KIND, about.kind.value),
        (_HOPS, str(about.hops)),
    ]
    if about.robots:
        fields.append((_ROBOTS, about.robots))
    return fields + [(_RESERVATION, f"{name}: {value}") for name, value in about.reservations]


def read_about(fields: Iterable[tuple[str, str]]) -> About | None:
    """Return what a ``metadata`` record of ours says; None if the record is another's."""
    pairs = tuple(fields)
    first: Mapping[str, str] = dict(reversed(pairs))
    if _KIND not in first:
        return None
    hops = first.get(_HOPS, "")
    return About(
        portal=first.get(_PORTAL, ""),
        via=first.get("via", ""),
        kind=_link_kind(first[_KIND]),
        hops=int(hops) if hops.isascii() and hops.isdigit() else 0,
        robots=first.get(_ROBOTS, ""),
        reservations=tuple(_reservation(value) for name, value in pairs if name == _RESERVATION),
    )


def head_field(head: bytes) -> tuple[str, str]:
    """Return the field that keeps a 304's exact head, controls and non-ASCII percent-encoded."""
    return _HEAD, quote_from_bytes(head, safe="".join(map(chr, range(0x20, 0x7F))).replace("%", ""))


def read_head(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the head that :func:`head_field` kept, ``b""`` if there is none."""
    return next((unquote_to_bytes(value) for name, value in fields if name == _HEAD), b"")


def _link_kind(word: str) -> LinkKind:
    """Return the kind; a word that a later version may have written counts as a body link."""
    return LinkKind(word) if word in LinkKind._value2member_map_ else LinkKind.BODY


def _reservation(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
