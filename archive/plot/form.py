"""The ``Plot:`` line of a question: which picture its rows make; no I/O.

    -- Plot: timeline x=month y=stories colour=portal

timeline   columns over time, one above the other where a colour tells them apart
calendar   a square a day, a row a weekday, a block a year
heatmap    a square for each x (a day or a number) and y (a name)
columns    columns over a number
bars       a bar a name
network    a point a story, a line for each pair
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archive.errors import BadSetting

# The columns that each form takes, and those that it may take.
FORMS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "timeline": (frozenset({"x", "y"}), frozenset({"colour"})),
    "calendar": (frozenset({"x", "value"}), frozenset()),
    "heatmap": (frozenset({"x", "y", "value"}), frozenset()),
    "columns": (frozenset({"x", "y"}), frozenset({"colour"})),
    "bars": (frozenset({"label", "value"}), frozenset({"colour"})),
    "network": (frozenset({"source", "target"}), frozenset({"source_title", "target_title"})),
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A form, and for each of its parts the column of the answer that it shows."""

    form: str
    parts: Mapping[str, str]

    def column(self, part: str) -> str:
        """Return the column that ``part`` shows."""
        return self.parts[part]


def parse(name: str, line: str, columns: Iterable[str]) -> Plot:
    """Read the ``Plot:`` line of the question ``name``, whose answer has ``columns``.

    Raises ``BadSetting`` where the form, a part or a column is not known, or one is missing.
    """
    form, *pairs = line.split()
    if form not in FORMS:
        raise BadSetting(f"queries/{name}.sql: no plot {form!r}: one of {', '.join(FORMS)}")
    parts = dict(pair.partition("=")[::2] for pair in pairs)
    needed, allowed = FORMS[form]
    if missing := sorted(needed - parts.keys()):
        raise BadSetting(f"queries/{name}.sql: the plot {form} wants {missing[0]}=COLUMN")
    if unknown := sorted(parts.keys() - needed - allowed):
        raise BadSetting(f"queries/{name}.sql: the plot {form} has no part {unknown[0]!r}")
    if absent := sorted(set(parts.values()) - set(columns)):
        raise BadSetting(f"queries/{name}.sql: the plot names {absent[0]!r}, which is no column")
    return Plot(form, parts)
