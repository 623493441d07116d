"""The golden pages in ``tests/data/pages``: one page a layout, and what must be read out of it.

``text`` is every line of the body (null: not judged); ``leaks`` are strings that must not be in
it; ``links`` names, for some kinds, all addresses of that kind in order. All text was composed for
these pages; the class names are those of the themes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "data" / "pages"


@dataclass(frozen=True)
class Golden:
    """A page and what is expected of it."""

    name: str
    payload: bytes
    url: str
    page_type: str
    text: list[str] | None
    leaks: list[str]
    links: dict[str, list[str]]
    pages: list[str] = field(default_factory=list)


def load() -> list[Golden]:
    """Return all golden pages, by name."""
    return [
        Golden(path.stem, path.with_suffix(".html").read_bytes(), **json.loads(path.read_text()))
        for path in sorted(FOLDER.glob("*.json"))
    ]
