"""A figure → a file: PNG, SVG with its letters as outlines, or one HTML page with the rows below."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from archive.answers import cell, whole
from archive.errors import BadSetting
from archive.plot.draw import Caption, style

ENDINGS = (".png", ".svg", ".html")
_ROWS = 1_000  # of the answer that a page shows
_DPI = 160


def check(file: Path) -> None:
    """Raise ``BadSetting`` where the name of ``file`` tells no kind of picture."""
    if file.suffix.lower() not in ENDINGS:
        raise BadSetting(f"{file}: end the name in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")


def save(
    figure: Figure,
    file: Path,
    caption: Caption,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Write ``figure`` as the ending of ``file`` says; the file is there only when it is whole.

    An SVG holds letters as outlines, so that they look the same where no font has Devanagari.
    """
    check(file)
    ending = file.suffix.lower()
    if ending == ".png":
        made = _picture(figure, "png")
    else:
        made = _picture(figure, "svg")
        if ending == ".html":
            made = _page(made.decode(), caption, names, rows).encode()
    with whole(file) as unfinished:
        unfinished.write_bytes(made)


def _picture(figure: Figure, kind: str) -> bytes:
    into = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
    with style():
        figure.savefig(into, format=kind, dpi=_DPI, metadata=metadata)
    return into.getvalue()


def _page(svg: str, caption: Caption, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    svg = svg[svg.index("<svg") :].replace("<svg", '<svg role="img" aria-labelledby="q"', 1)
    heads = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell(value))}</td>" for value in row) + "</tr>\n"
        for row in rows[:_ROWS]
    )
    more = f"<p>The first {_ROWS:,} of {len(rows):,} rows.</p>" if len(rows) > _ROWS else ""
    return _PAGE.format(
        title=escape(caption.title), grain=escape(caption.grain[:1].upper() + caption.grain[1:]), source=escape(caption.source),
        svg=svg, heads=heads, lines=lines, more=more,
    )  # fmt: skip


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }}
h1 {{ font-size: 1.4rem }} svg {{ width: 100%; height: auto }} code {{ background: #f3f3f3; padding: .1em .3em }}
table {{ border-collapse: collapse; font-size: .85rem }} td, th {{ text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #eee; vertical-align: top }}
</style></head><body>
<h1 id="q">{title}</h1>
{svg}
<p>{grain} <code>{source}</code></p>
<details><summary>The rows</summary>
<table><thead><tr>{heads}</tr></thead><tbody>
{lines}</tbody></table>{more}</details>
</body></html>
"""
