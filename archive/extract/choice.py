"""A line of a page and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from archive.extract.survey import Line


@dataclass(slots=True, eq=False)
class Choice:
    """A line and why it stays (``kept``) or goes; docs/reading.md lists the reasons."""

    line: Line
    kept: bool
    why: str
