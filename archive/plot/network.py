"""Pairs of stories → a network: a point a story, larger the more leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from archive.cli.table import cut
from archive.plot.form import Plot
from archive.plot.series import PALETTE, Rows

_POINTS = 200  # more is a ball of wool; those with the most lines are kept
_NAMED = 12
_LABEL = 30  # cells of a headline
_ROOM = (0.32, 0.09)  # of a name, in the layout's units: it spans -1 to 1


def network(figure: Figure, rows: Rows, plot: Plot) -> str:
    """Draw the stories with the most lines; points of one colour lead to each other most."""
    whole, titles = _graph(rows, plot)
    kept = sorted(whole, key=lambda node: (-whole.degree(node), node))[:_POINTS]
    graph = whole.subgraph(kept)
    places = networkx.spring_layout(
        graph.to_undirected(), seed=7, iterations=200, k=5 / np.sqrt(len(kept))
    )
    axes = figure.subplots()
    lines = [(places[a], places[b]) for a, b in graph.edges]
    axes.add_collection(
        LineCollection(lines, colors="#b8b8b8", linewidths=0.6, alpha=0.6, zorder=1)
    )
    degree = dict(whole.in_degree())
    xy = np.array([places[node] for node in kept])
    axes.scatter(
        xy[:, 0], xy[:, 1], s=[_size(degree[node]) for node in kept], c=_colours(graph, kept),
        edgecolors="white", linewidths=0.8, zorder=2,
    )  # fmt: skip
    for node in _apart(sorted(kept, key=lambda node: (-degree[node], node)), places):
        above = np.sqrt(_size(degree[node])) / 2 + 2  # points: a marker's size is its area
        axes.annotate(
            cut(titles.get(node, node), _LABEL), places[node], (0, above), ha="center", fontsize=7.5,
            textcoords="offset points", zorder=3,
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7},
        )  # fmt: skip
    axes.set_axis_off()
    axes.margins(0.08)
    drawn = (
        f"{len(kept)} of {len(whole)} stories" if len(whole) > _POINTS else f"{len(kept)} stories"
    )
    return f"{drawn}, {len(lines):,} links; larger: more lead to it"


def _size(degree: int) -> float:
    return 16 + 60 * float(np.log2(1 + degree))


def _apart(nodes: list[str], places: Mapping[str, Any]) -> list[str]:
    """Return the first of ``nodes`` whose names do not run into each other."""
    named: list[str] = []
    for node in nodes:
        away = [abs(places[node] - places[other]) / _ROOM for other in named]
        if all(max(distance) > 1 for distance in away):
            named.append(node)
        if len(named) == _NAMED:
            break
    return named


def _graph(rows: Rows, plot: Plot) -> tuple[Any, dict[str, str]]:
    graph = networkx.DiGraph()
    sources, targets = (rows.column(plot.column(end)) for end in ("source", "target"))
    graph.add_edges_from(zip(sources, targets, strict=True))
    titles: dict[str, str] = {}
    for ends, part in ((sources, "source_title"), (targets, "target_title")):
        if column := plot.parts.get(part):
            titles |= dict(zip(ends, rows.column(column), strict=True))
    return graph, titles


def _colours(graph: Any, kept: list[str]) -> list[str]:
    groups = networkx.community.greedy_modularity_communities(graph.to_undirected())
    shade = {
        node: PALETTE[min(number, len(PALETTE) - 1)]
        for number, group in enumerate(groups)
        for node in group
    }
    return [shade[node] for node in kept]
