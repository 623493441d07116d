"""Rows → a figure: titled with the question, axes named, and a line that says how to get it again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from archive.plot.calendar import calendar, heatmap
from archive.plot.columns import bars, columns, timeline
from archive.plot.fonts import families
from archive.plot.form import Plot
from archive.plot.network import network
from archive.plot.series import Rows

_INK, _FAINT = "#222222", "#6b6b6b"
_STYLE: Any = {
    "axes.edgecolor": "#b0b0b0",
    "axes.labelcolor": _FAINT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "svg.hashsalt": "morestories",  # the same rows give the same file
    "text.color": _INK,
    "text.parse_math": False,  # a headline may hold two dollar signs
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
}


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands around a picture. ``source`` tells how to make it again."""

    title: str
    grain: str
    source: str


_FORMS: Mapping[str, Callable[[Figure, Rows, Plot], str]] = {
    "timeline": timeline,
    "calendar": calendar,
    "heatmap": heatmap,
    "columns": columns,
    "bars": bars,
    "network": network,
}


def draw(
    plot: Plot, names: Sequence[str], rows: Sequence[Sequence[Any]], caption: Caption
) -> Figure:
    """Return the picture of ``rows``, whose columns are ``names``; there must be one row at least.

    Raises ``BadSetting`` where no font or shaper for Devanagari is installed.
    """
    with style():
        figure = Figure(figsize=(10, 5.4), layout="constrained")
        note = _FORMS[plot.form](figure, Rows(names, rows), plot)
        figure.suptitle(
            caption.title, x=0.01, ha="left", fontsize=15, fontweight="bold", color=_INK
        )
        figure.supxlabel(
            " · ".join(filter(None, (note, caption.source))),
            x=0.01,
            ha="left",
            fontsize=8,
            color=_FAINT,
        )
        return figure


@contextmanager
def style() -> Iterator[None]:
    """Draw and save in the house's style. A character that no font has is a box, not a warning."""
    chosen: Any = {**_STYLE, "font.family": list(families())}
    with matplotlib.rc_context(chosen), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
