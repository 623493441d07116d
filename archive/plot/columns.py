"""Columns over time or a number, and bars of names. What has no row is 0, so nothing joins them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from archive.cli.table import cut
from archive.plot.form import Plot
from archive.plot.series import PALETTE, Rows, split, words

_BARS = 25  # names that a picture has room for
_LABEL = 34  # cells of a name


def timeline(figure: Figure, rows: Rows, plot: Plot) -> str:
    """Draw columns over days; a row without a day is left out."""
    axes = figure.subplots()
    series = _series(rows, plot)
    places = sorted({x for points in series.values() for x in points if x is not None})
    step = min((b - a for a, b in pairwise(places)), default=timedelta(days=1))
    width = timedelta(days=28) if step > timedelta(days=27) else step
    first = [date2num(place) for place in places]  # type: ignore[no-untyped-call]
    _stack(axes, places, first, width.days * 0.9, series, align="edge")
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlabel(words(plot.column("x")))
    return _finish(axes, plot.column("y"), series)


def columns(figure: Figure, rows: Rows, plot: Plot) -> str:
    """Draw columns over a number, such as the hour of the day."""
    axes = figure.subplots()
    series = _series(rows, plot)
    places = sorted({x for points in series.values() for x in points if x is not None})
    _stack(axes, places, places, 0.8, series, align="center")
    axes.xaxis.set_major_locator(MaxNLocator(24, integer=True))
    axes.set_xlabel(words(plot.column("x")))
    return _finish(axes, plot.column("y"), series)


def bars(figure: Figure, rows: Rows, plot: Plot) -> str:
    """Draw a bar a name, the longest on top; names beyond ``_BARS`` are told, not drawn."""
    axes = figure.subplots()
    colour = plot.parts.get("colour")
    names = [
        str(name) if name not in (None, "") else "–" for name in rows.column(plot.column("label"))
    ]
    series = split(
        names, rows.column(plot.column("value")), rows.column(colour) if colour else None
    )
    sums = {
        name: sum(points.get(name, 0) for points in series.values())
        for name in dict.fromkeys(names)
    }
    order = sorted(sums, key=lambda name: -sums[name])
    shown = order[:_BARS]
    left = [0.0] * len(shown)
    for shade, (name, points) in zip(PALETTE, series.items(), strict=False):
        values = [points.get(label, 0.0) for label in shown]
        axes.barh(range(len(shown)), values, 0.75, left=left, color=shade, label=name)
        left = [a + b for a, b in zip(left, values, strict=True)]
    figure.set_figheight(1.9 + 0.3 * len(shown))
    axes.set_yticks(range(len(shown)), [cut(name, _LABEL) for name in shown], color="#222222")
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=_counts(series)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
    axes.set_xlabel(words(plot.column("value")))
    axes.set_ylabel(words(plot.column("label")))
    _legend(axes, series)
    return f"the first {_BARS} of {len(order)}" if len(order) > _BARS else ""


def _series(rows: Rows, plot: Plot) -> dict[str, dict[Any, float]]:
    colour = plot.parts.get("colour")
    x: list[Any] = rows.column(plot.column("x"))
    x = [value.date() if hasattr(value, "date") else value for value in x]
    return split(x, rows.column(plot.column("y")), rows.column(colour) if colour else None)


def _stack(
    axes: Axes,
    places: list[Any],
    at: list[Any],
    width: float,
    series: dict[str, dict[Any, float]],
    *,
    align: Any,
) -> None:
    bottom = [0.0] * len(places)
    for shade, (name, points) in zip(PALETTE, series.items(), strict=False):
        values = [points.get(place, 0.0) for place in places]
        axes.bar(at, values, width, bottom=bottom, color=shade, label=name, align=align)
        bottom = [a + b for a, b in zip(bottom, values, strict=True)]


def _finish(axes: Axes, value: str, series: dict[str, dict[Any, float]]) -> str:
    axes.grid(axis="y")
    axes.set_ylabel(words(value))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=_counts(series)))
    _legend(axes, series)
    return ""


def _counts(series: dict[str, dict[Any, float]]) -> bool:
    """Tell whether all values are whole: there is no half a story."""
    return all(value.is_integer() for points in series.values() for value in points.values())


def _legend(axes: Axes, series: dict[str, dict[Any, float]]) -> None:
    if len(series) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(series), fontsize=9,
                    borderaxespad=0, columnspacing=1.2, handlelength=1)  # fmt: skip
