"""``morestories search``: words → stories."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import typer
from rich.markup import escape
from rich.text import Text

from archive import query as questions
from archive.answers import plain
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, out
from archive.replay.links import SERVER, WEB
from archive.search.facets import Facets
from archive.search.find import Hit, Hits, Only, find
from archive.search.snippet import Marks
from archive.store.connection import connect, snapshot_at

_VALUES = 8  # of a facet that are shown to a person; --json gives all
_MONTHS = 24  # the newest


def search(
    words: Annotated[list[str], typer.Argument(help="""What to look for: 'शिमला "सड़क हादसा"'""")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    portal: Annotated[str | None, typer.Option(help="Only this portal's stories.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Published from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Published up to this day.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 10,
    facets: Annotated[
        bool, typer.Option("--facets", help="Also count by portal, month, section and author.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="As the archive stood then: 2026-11-01, or with a time."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Find stories by their words, best first.

    All words must be there. "In quotation marks": side by side. OR between two: either. A minus
    before a word: not this. A star at the end: words that begin so. Spelling variants and endings
    count as the same word: हादसा finds हादसे and हादसों, गाँव finds गांव, हिन्दी finds हिंदी.

    With --as-of a story is found by the text that stood then, and shown so, even if it was edited
    or taken out of the archive's tables since.

    Put the whole in single quotes, and -- before it if it begins with a minus.
    """
    folder = existing(archive)
    only = Only(
        portal,
        questions.day(since) if since is not None else None,
        questions.day(until) if until is not None else None,
        _snapshot(folder, as_of) if as_of is not None else None,
    )
    hits = find(folder, " ".join(words), only, limit=limit, facets=facets)
    if as_json:
        out.print_json(json.dumps(_plain(hits), ensure_ascii=False))
    else:
        _show(hits)
    if not hits.total:
        raise typer.Exit(Exit.NOTHING)


def _snapshot(folder: Path, as_of: str) -> int:
    at = questions.instant(as_of)
    with connect(folder, as_of=at) as connection:
        return snapshot_at(connection, at)


def _plain(hits: Hits) -> dict[str, object]:
    found = [
        {**asdict(hit), "published": plain(hit.published), "replay": _replay(hit)}
        for hit in hits.hits
    ]
    answer: dict[str, object] = {"total": hits.total, "hits": found}
    if hits.facets is not None:
        answer["facets"] = {name: dict(pairs) for name, pairs in hits.facets.named().items()}
    return answer


def _show(hits: Hits) -> None:
    for hit in hits.hits:
        show(hit)
    if hits.facets is not None and hits.total:
        _show_facets(hits.facets)
    err.print(f"{len(hits.hits)} of {hits.total:,} stories" if hits.total else "nothing found")


def show(hit: Hit) -> None:
    """Print one hit: headline, where and when, and the words in their place."""
    when = f"{hit.published:%Y-%m-%d}" if hit.published else "no date"
    out.print(_marked(hit.title, hit.title_marks, "bold"))
    out.print(_marked(hit.snippet, hit.marks))
    out.print(f"[dim]{escape(hit.portal)} · {when} · {escape(unquote(hit.url))}[/]", soft_wrap=True)
    out.print(f"[dim]{escape(_replay(hit))}[/]\n", soft_wrap=True)


def _marked(plain: str, marks: Marks, style: str = "") -> Text:
    text = Text(plain, style)
    for start, end in marks:
        text.stylize("bold yellow", start, end)
    return text


def _replay(hit: Hit) -> str:
    """Return where `morestories replay` shows the newest capture."""
    return f"{SERVER}{WEB}{hit.url}"


def _show_facets(facets: Facets) -> None:
    for name, pairs in facets.named().items():
        most = pairs[-_MONTHS:] if name == "month" else pairs[:_VALUES]
        if most:
            shown = " · ".join(f"{escape(value)} [bold]{stories:,}[/]" for value, stories in most)
            left = f" · … {len(pairs) - len(most)} more" if len(pairs) > len(most) else ""
            out.print(f"[dim]{name:8}[/] {shown}{left}", soft_wrap=True)
