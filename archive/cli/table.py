"""Rows as a table for a person: columns in line in any script, on any terminal.

Terminals disagree on how wide Devanagari is: by glibc's wcwidth शिमला takes five cells, by
grapheme clusters three. So on a terminal each column is begun with the escape that moves the
cursor to it (CHA), and a cell is cut by the wider count, which no terminal exceeds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import regex

from archive.answers import cell

_GAP = 2
_NARROW = 14  # cells that a column keeps before another gives way
_LONGEST = 400  # characters of a text that are shown at most
_CLUSTER = regex.compile(r"\X(?:(?<=\u094d)\X)*")  # a conjunct is never cut at its virama
_NUMBER = (int, float)

Row = Sequence[Any]


def shown(value: Any, *, whole: bool = False) -> str:
    """Return a value as one line; an instant to the minute (UTC), an address readable.

    >>> shown("https://e.example/%E0%A4%B6"), shown(datetime(2026, 11, 24, 6, 5, 59, tzinfo=UTC))
    ('https://e.example/श', '2026-11-24 06:05')
    """
    if isinstance(value, datetime) and not whole:
        return (
            f"{value.astimezone(UTC):%Y-%m-%d %H:%M}" if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
        )
    text = cell(value)
    if text.startswith(("http://", "https://")):
        text = unquote(text)
    text = "".join(c if c.isprintable() else " " for c in text)  # no escape reaches a terminal
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def width(text: str) -> int:
    """Return the most cells that a terminal gives ``text``.

    >>> width("शिमला"), width("कं"), width("中")
    (5, 1, 2)
    """
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, cells: int) -> str:
    """Return ``text`` in at most ``cells`` cells, never cut inside a letter with its signs.

    >>> cut("हिमाचल प्रदेश", 8)
    'हिमाचल …'
    """
    if width(text) <= cells:
        return text
    kept, used = "", 0
    for cluster in _CLUSTER.findall(text):
        used += width(cluster)
        if used > cells - 1:
            break
        kept += cluster
    return kept + "…"


def lines(names: Sequence[str], rows: Sequence[Row], room: int, *, terminal: bool) -> Iterator[str]:
    """Yield the lines of a table ``room`` cells wide; one record a block where it cannot fit."""
    cells = [[shown(value) for value in row] for row in rows]
    natural = [max(width(name), *(width(row[i]) for row in cells)) for i, name in enumerate(names)]
    least = sum(min(n, _NARROW) for n in natural) + _GAP * (len(names) - 1)
    if least > room:
        yield from _records(names, rows, room)
        return
    widths = _fit(_addresses_first(natural, rows, room), room - _GAP * (len(names) - 1))
    right = [
        all(isinstance(row[i], _NUMBER) or row[i] is None for row in rows)
        for i in range(len(names))
    ]
    heading = _line(names, widths, right, terminal)
    yield f"\x1b[1m{heading}\x1b[0m" if terminal else heading
    for row in cells:
        yield _line(row, widths, right, terminal)


def _addresses_first(natural: list[int], rows: Sequence[Row], room: int) -> list[int]:
    """Let addresses give way first: a headline says more in the same room."""
    if sum(natural) + _GAP * (len(natural) - 1) <= room:
        return natural
    addresses = [all(str(row[i]).startswith("http") for row in rows) for i in range(len(natural))]
    return [
        min(n, room // 4) if address else n for n, address in zip(natural, addresses, strict=True)
    ]


def _fit(natural: list[int], room: int) -> list[int]:
    """Return widths that fit: the widest columns give way until all are alike or narrow."""
    widths = list(natural)
    while (over := sum(widths) - room) > 0:
        widest = max(widths)
        giving = [i for i, w in enumerate(widths) if w == widest]
        below = max((w for w in widths if w < widest), default=0)
        step = max(1, min(widest - max(below, 1), -(-over // len(giving))))
        for i in giving:
            widths[i] -= step
    return widths


def _line(cells: Sequence[str], widths: list[int], right: list[bool], terminal: bool) -> str:
    line, column = "", 1
    for text, space, flush in zip(cells, widths, right, strict=True):
        text = cut(text, space)
        pad = space - width(text) if flush else 0
        line += f"\x1b[{column + pad}G{text}" if terminal else " " * pad + text
        if not terminal:
            line += " " * (space - width(text) - pad + _GAP)
        column += space + _GAP
    return line.rstrip()


def _records(names: Sequence[str], rows: Sequence[Row], room: int) -> Iterator[str]:
    margin = max(map(width, names))
    for number, row in enumerate(rows, 1):
        yield f"── {number} " + "─" * max(0, min(room, 60) - 5)
        for name, value in zip(names, row, strict=True):
            label = " " * (margin - width(name)) + name
            yield f"{label}  {cut(shown(value, whole=True), room - margin - _GAP)}"
