"""Heat maps: a square a day by year, and a square for each pair of x and y."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from archive.cli.table import cut
from archive.plot.form import Plot
from archive.plot.series import Rows, words

_YEARS = 6  # the newest
_ROWS = 24
_EMPTY = "#ececec"  # a day or square without anything, between the first and the last
_OUTSIDE = "#f8f8f8"  # before the first and after the last
_MAP: Colormap = LinearSegmentedColormap.from_list(
    "stories", ["#d6e8f5", "#56a3d0", "#0b4f86", "#062a4d"]
)
_DAYS = ("Mon", "", "Wed", "", "Fri", "", "Sun")


def calendar(figure: Figure, rows: Rows, plot: Plot) -> str:
    """Draw a square a day; the values of several rows of a day are summed."""
    values: dict[date, float] = defaultdict(float)
    for day, value in zip(
        rows.column(plot.column("x")), rows.column(plot.column("value")), strict=True
    ):
        if day is not None:
            values[day] += float(value or 0)
    years = sorted({day.year for day in values})
    shown = years[-_YEARS:]
    figure.set_figheight(1.2 + 1.6 * len(shown))
    blocks = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    norm = PowerNorm(0.6, vmin=0, vmax=max(values.values(), default=1) or 1)
    first, last = min(values), max(values)
    for axes, year in zip(blocks, shown, strict=True):
        _year(axes, year, values, (first, last), norm)
    _scale(figure, list(blocks), norm, plot.column("value"))
    return f"the newest {_YEARS} of {len(years)} years" if len(years) > _YEARS else ""


def _year(
    axes: Axes, year: int, values: dict[date, float], ends: tuple[date, date], norm: PowerNorm
) -> None:
    squares, shades = [], []
    months: dict[int, float] = {}
    start = date(year, 1, 1)
    for number in range((date(year + 1, 1, 1) - start).days):
        day = start + timedelta(days=number)
        week = (number + start.weekday()) // 7
        if day.day == 1:
            months[day.month] = week + 0.5
        squares.append(Rectangle((week + 0.06, day.weekday() + 0.06), 0.88, 0.88))
        empty = _EMPTY if ends[0] <= day <= ends[1] else _OUTSIDE
        shades.append(_MAP(norm(values[day])) if values.get(day) else empty)
    axes.add_collection(PatchCollection(squares, facecolors=shades, linewidths=0))
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    axes.set_xticks(list(months.values()), names)
    axes.set_yticks([row + 0.5 for row in range(7)], _DAYS, fontsize=7)
    axes.set_xlim(0, 54)
    axes.set_ylim(7, 0)
    axes.set_aspect("equal")
    axes.set_ylabel(str(year), fontweight="bold")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=7)


def heatmap(figure: Figure, rows: Rows, plot: Plot) -> str:
    """Draw a square for each x and y; of many y those with the most are drawn."""
    sums: dict[str, dict[Any, float]] = defaultdict(lambda: defaultdict(float))
    columns = (rows.column(plot.column(part)) for part in ("x", "y", "value"))
    for x, y, value in zip(*columns, strict=True):
        if x is not None:
            sums[str(y)][x] += float(value or 0)
    order = sorted(sums, key=lambda name: (-sum(sums[name].values()), name))
    shown = order[:_ROWS]
    places = sorted({x for name in shown for x in sums[name]})
    figure.set_figheight(1.9 + 0.3 * max(len(shown), 3))
    grid = np.array([[sums[name].get(x, 0.0) for x in places] for name in shown])
    axes = figure.subplots()
    norm = PowerNorm(0.6, vmin=0, vmax=grid.max() or 1)
    colours = _MAP.with_extremes(bad=_EMPTY)
    masked = np.ma.masked_equal(grid, 0)
    edges = np.arange(len(places) + 1), np.arange(len(shown) + 1)
    axes.pcolormesh(*edges, masked, cmap=colours, norm=norm, edgecolors="white", linewidth=1)
    axes.set_facecolor(_EMPTY)
    _named(axes, places, shown, plot)
    _scale(figure, [axes], norm, plot.column("value"))
    return f"the first {_ROWS} of {len(order)}" if len(order) > _ROWS else ""


def _named(axes: Axes, places: list[Any], names: list[str], plot: Plot) -> None:
    every = max(1, len(places) // 12)
    labels = [f"{x:%Y-%m}" if isinstance(x, date) else str(x) for x in places]
    axes.set_xticks([n + 0.5 for n in range(0, len(places), every)], labels[::every])
    axes.set_yticks([n + 0.5 for n in range(len(names))], [cut(name, 24) for name in names])
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(words(plot.column("x")))
    axes.set_ylabel(words(plot.column("y")))


def _scale(figure: Figure, axes: list[Axes], norm: PowerNorm, name: str) -> None:
    bar = figure.colorbar(
        ScalarMappable(norm, _MAP), ax=axes, shrink=0.8, pad=0.01, aspect=15, label=words(name)
    )
    bar.outline.set_visible(False)
