"""Rows by column, and rows split by a colour; no drawing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

COLOURS = 7  # more cannot be told apart; the smaller ones are summed
# Okabe and Ito's palette, which the colour-blind can tell apart, without its black and yellow.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a7a7a")
OTHERS = "others"


class Rows:
    """An answer by the names of its columns."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._rows = rows

    def column(self, name: str) -> list[Any]:
        """Return the values of one column, in the order of the rows."""
        place = self._places[name]
        return [row[place] for row in self._rows]


def split(
    x: Sequence[Any], y: Sequence[float | None], colour: Sequence[Any] | None
) -> dict[str, dict[Any, float]]:
    """Return, for each colour, the sum of ``y`` at each ``x``; the largest colours first.

    Without ``colour`` there is one, named ''. Beyond ``COLOURS`` the smaller are one, "others".
    """
    names = ["" if colour is None else str(c if c is not None else "–") for c in colour or x]
    sizes: Counter[str] = Counter()
    for name, value in zip(names, y, strict=True):
        sizes[name] += float(value or 0)  # type: ignore[assignment]  # a Counter of floats
    order = [name for name, _ in sizes.most_common()]
    kept = order if len(order) <= COLOURS else order[: COLOURS - 1]
    made: dict[str, dict[Any, float]] = {name: defaultdict(float) for name in kept}
    for name, place, value in zip(names, x, y, strict=True):
        made.setdefault(name if name in kept else OTHERS, defaultdict(float))[place] += float(
            value or 0
        )
    return made


def words(name: str) -> str:
    """Return the name of a column as the name of an axis.

    >>> words("new_stories")
    'new stories'
    """
    return name.replace("_", " ")
