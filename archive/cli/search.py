"""``morestories search``: words → stories."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated
from urllib.parse import unquote

import typer
from rich.markup import escape
from rich.text import Text

from archive.answers import plain
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, existing, out
from archive.query import day
from archive.search.find import Hit, find
from archive.store.connection import connect


def search(
    words: Annotated[list[str], typer.Argument(help="""What to look for: 'शिमला "सड़क हादसा"'""")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    portal: Annotated[str | None, typer.Option(help="Only this portal's stories.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Published from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Published up to this day.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the hits as JSON.")] = False,
) -> None:
    """Find stories by their words, best first.

    All words must be there. "In quotation marks": side by side. OR between two: either. A minus
    before a word: not this. A star at the end: words that begin so. Spelling variants and endings
    count as the same word: हादसा finds हादसे and हादसों, गाँव finds गांव, हिन्दी finds हिंदी.

    Put the whole in single quotes, and -- before it if it begins with a minus.
    """
    folder = existing(archive)
    with connect(folder) as connection:
        hits = find(
            connection,
            folder,
            " ".join(words),
            portal=portal,
            since=day(since) if since else None,
            until=day(until) if until else None,
            limit=limit,
        )
    if as_json:
        found = [{**asdict(hit), "published": plain(hit.published)} for hit in hits.hits]
        out.print_json(json.dumps({"total": hits.total, "hits": found}, ensure_ascii=False))
    else:
        for hit in hits.hits:
            show(hit)
        err.print(f"{len(hits.hits)} of {hits.total:,} stories" if hits.total else "nothing found")
    if not hits.total:
        raise typer.Exit(Exit.NOTHING)


def show(hit: Hit) -> None:
    """Print one hit: headline, where and when, and the words in their place."""
    when = f"{hit.published:%Y-%m-%d}" if hit.published else "no date"
    out.print(f"[bold]{escape(hit.title)}[/]")
    text = Text(hit.snippet)
    for start, end in hit.marks:
        text.stylize("bold yellow", start, end)
    out.print(text)
    out.print(
        f"[dim]{escape(hit.portal)} · {when} · {escape(unquote(hit.url))}[/]\n", soft_wrap=True
    )
