"""``morestories try``: how one page is read, line by line, for whoever doubts a body."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from lxml.html import HtmlElement
from rich.markup import escape
from rich.table import Table

from archive import exclusions
from archive.article import Article, Moment
from archive.capture import Capture
from archive.cdxj import lookup
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, existing, out
from archive.errors import BadSetting
from archive.extract.page import Page
from archive.extract.read import Reading, explain_page
from archive.ingest import warc_name
from archive.layout import Layout
from archive.portal import Portal
from archive.rows import capture_id
from archive.store.connection import connect, is_made
from archive.store.observed import evidence
from archive.warc.reader import decoded, read_capture
from archive.warc.seal import archive_of

UrlOption = Annotated[
    str, typer.Option("--url", help="The address of a FILE: decides which links are the site's.")
]
Json = Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")]
All = Annotated[bool, typer.Option("--all", help="Show the lines of menus and footers too.")]


@dataclass(frozen=True, slots=True)
class Source:
    """A page to read, and what is known of it."""

    payload: bytes
    url: str
    content_type: str = ""
    captured: datetime | None = None
    portal: Portal = field(default_factory=Portal)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("try")(try_page)


def try_page(
    page: Annotated[
        str,
        typer.Argument(
            help="An HTML file, WARC#OFFSET (as the captures table and CDXJ have it), "
            "or an address whose newest capture is in the archive.",
            metavar="FILE|URL|WARC#OFFSET",
        ),
    ],
    url: UrlOption = "https://page.invalid/",
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    show_all: All = False,
    as_json: Json = False,
) -> None:
    """Show how one page is read: what was taken out and why, where the body is, every line's fate.

    Nothing is fetched and nothing is stored. Lines marked + are the body; of the others the reason
    is told. docs/reading.md explains the reasons, and what to do about a portal that reads badly.
    """
    source = find_page(page, url, archive)
    reading = explain_page(
        source.payload,
        url=source.url,
        content_type=source.content_type,
        captured=source.captured,
        portal=source.portal,
    )
    if reading is None:
        raise BadSetting(
            f"{page} is no HTML page ({source.content_type or 'no media type'}, "
            f"{len(source.payload):,} bytes, begins {source.payload[:40]!r})"
        )
    if as_json:
        typer.echo(json.dumps(as_data(reading), ensure_ascii=False, indent=2))
    else:
        _print(reading, show_all=show_all)


def find_page(page: str, url: str, archive: Path) -> Source:
    """Return the page that the argument names; raise ``BadSetting`` where there is none."""
    path, mark, offset = page.rpartition("#")
    if mark and offset.isdigit() and not page.startswith(("http://", "https://")):
        return _from_record(_warc(Path(path), archive), int(offset), archive)
    if page.startswith(("http://", "https://")):
        folder = existing(archive)
        entries = [entry for entry in lookup(folder, page) if entry.mime != "warc/revisit"]
        if not entries:
            raise BadSetting(f"no sealed capture of {page} in {folder}: crawl it first")
        newest = entries[-1]
        return _from_record(_warc(Path(newest.warc), archive), newest.offset, archive)
    file = Path(page)
    if not file.is_file():
        raise BadSetting(f"no file {file}: name an HTML file, WARC#OFFSET or a captured address")
    if file.name.endswith((".warc", ".warc.gz")):
        raise BadSetting(
            f"which record of {file}? Name it {file}#OFFSET, as the CDXJ beside it has it"
        )
    return Source(file.read_bytes(), url, "text/html")


def _warc(path: Path, archive: Path) -> Path:
    """Return the file as named, or of that name in the archive's ``warc`` folder."""
    for candidate in (path, archive / path, archive / "warc" / path.name):
        if candidate.is_file():
            return candidate
    raise BadSetting(f"no WARC {path}, nor {archive / 'warc' / path.name}")


def _layouts(capture: Capture, archive: Path) -> tuple[Layout, ...]:
    """Return the evidence by which the archive's tables read ``capture``; none where it is not there."""
    if not is_made(archive):
        return ()
    with connect(archive.resolve()) as connection:
        return evidence(connection, capture_id(warc_name(Path(capture.warc)), capture.offset))


def _obey(capture: Capture, portal: Portal, warc: Path, archive: Path) -> None:
    """Raise ``BadSetting`` for what the archive, or the one that the WARC is of, has excluded."""
    for folder in {archive.resolve(), archive_of(warc.resolve())}:
        found = exclusions.read(folder).why(capture.url, capture.date, portal.id)
        if found is not None:
            raise BadSetting(f"{capture.url} is excluded and not shown: {found}")


def _from_record(warc: Path, offset: int, archive: Path) -> Source:
    capture = read_capture(warc, offset)
    content_type = next(
        (v for k, v in capture.headers if k == "content-type"), capture.content_type
    )
    known = Portal.from_warcinfo(capture.warcinfo)
    _obey(capture, known, warc, archive)
    portal = replace(known, layouts=_layouts(capture, archive))
    return Source(decoded(capture), capture.url, content_type, capture.date, portal)


def as_data(reading: Reading) -> dict[str, Any]:
    """Return a reading as plain data, for JSON."""
    article, page = reading.article, reading.page
    return {
        "article": _article_data(article),
        "root": _path(page.root) if page else None,
        "layout": _layout_data(reading.layout),
        "headline": _path(page.headline) if page and page.headline is not None else None,
        "blocks": [
            {"part": str(block.part), "why": block.why, "element": _path(block.element)}
            for block in (page.blocks if page else ())
        ],
        "lines": [
            {"kept": choice.kept, "why": choice.why, "text": choice.line.text}
            for choice in (page.choices if page else ())
        ],
        "links": [
            {"kind": str(link.kind), "url": link.url, "text": link.text} for link in article.links
        ],
    }


def _layout_data(layout: Layout | None) -> dict[str, Any] | None:
    if layout is None:
        return None
    return {
        "skeleton": layout.skeleton,
        "stories": layout.stories,
        "first_captured": layout.first.isoformat(),
        "last_captured": layout.last.isoformat(),
        "marks": dict(Counter(str(mark.rule) for mark in layout.marks)),
        "teasing": layout.teasing,
    }


def _article_data(article: Article) -> dict[str, Any]:
    return {
        "url": article.url,
        "page_type": str(article.page_type),
        "title": article.title,
        "authors": article.authors,
        "published": _moment_data(article.published),
        "modified": _moment_data(article.modified),
        "section": article.section,
        "tags": article.tags,
        "language": article.language,
        "dateline": article.dateline,
        "canonical_url": article.canonical_url,
        "image": article.image,
        "description": article.description,
        "pages": article.pages,
        "text": article.text,
        "reader": article.reader,
        "rules": dict(article.rules),
    }


def _moment_data(moment: Moment | None) -> dict[str, Any] | None:
    if moment is None:
        return None
    return {
        "at": moment.at.isoformat(),
        "precision": moment.precision,
        "offset": moment.offset,
        "source": moment.source,
        "text": moment.text,
    }


def _path(element: HtmlElement) -> str:
    """Return an element as a person would point at it: ``article.post > div.entry-content``."""
    names = []
    for step in [element, *element.iterancestors()][:3]:
        classes = ".".join(step.get("class", "").split()[:3])
        names.append(
            f"{step.tag}{'#' + step.get('id') if step.get('id') else ''}{'.' + classes if classes else ''}"
        )
    return " > ".join(reversed(names))


def _print(reading: Reading, *, show_all: bool) -> None:
    article, page = reading.article, reading.page
    head = Table(box=None, pad_edge=False, show_header=False)
    head.add_column(style="bold")
    head.add_column(overflow="fold")
    head.add_column(style="dim", overflow="fold")
    data = _article_data(article)
    for name in ("url", "page_type", "title", "authors", "published", "modified", "section", "tags", "language", "dateline", "canonical_url", "pages"):  # fmt: skip
        value = data[name]
        if isinstance(value, dict):
            value = f"{value['at']} ({value['precision']}, from {value['text']!r})"
        elif isinstance(value, tuple):
            value = ", ".join(value)
        if value:
            head.add_row(name, escape(str(value)), escape(article.rules.get(name, "")))
    head.add_row(
        "body", f"{len(article.text.splitlines())} lines", escape(article.rules.get("text", ""))
    )
    head.add_row("reader", escape(article.reader))
    out.print(head)
    if page is None:
        out.print("\n[bold]no tree[/]: the text below is what the plain-text reader saw\n")
        out.print(escape(article.text))
        return
    _print_blocks(page)
    if (layout := reading.layout) is not None:
        out.print(
            f"\n[bold]layout[/] {escape(layout.skeleton)}, learned from {layout.stories} stories "
            f"of the portal, captured {layout.first:%Y-%m-%d} to {layout.last:%Y-%m-%d}"
        )
    out.print(f"\n[bold]body in[/] {escape(_path(page.root))}")
    _print_lines(page, show_all=show_all)
    _print_links(article)


def _print_blocks(page: Page) -> None:
    """Print each kind of block once with the reasons for which elements were taken for it."""
    reasons = Counter((str(block.part), block.why) for block in page.blocks)
    table = Table(
        "taken out as", "because", "elements", box=None, pad_edge=False, title_justify="left"
    )
    for (part, why), count in sorted(reasons.items()):
        table.add_row(part, escape(why), str(count))
    out.print("\n[bold]blocks[/]")
    out.print(table)


def _print_lines(page: Page, *, show_all: bool) -> None:
    hidden = 0
    for choice in page.choices:
        far = choice.why == "elsewhere" or (":" in choice.why and "portal:" not in choice.why)
        if choice.kept:
            out.print(f"[green]+[/] {escape(choice.line.text)}", soft_wrap=True)
        elif show_all or not far:
            text = choice.line.text[:100]
            out.print(
                f"[red]-[/] [dim]{escape(text)}[/]  [yellow]{escape(choice.why)}[/]", soft_wrap=True
            )
        else:
            hidden += 1
    if hidden:
        out.print(f"[dim]… and {hidden} lines of blocks and elsewhere; --all shows them[/]")


def _print_links(article: Article) -> None:
    out.print("\n[bold]links[/]")
    counts = Counter(link.kind for link in article.links)
    for kind, count in counts.items():
        out.print(f"{kind} {count}")
        if kind in ("more_stories", "inline_related", "pagination", "adjacent", "canonical", "amp"):
            for link in article.links:
                if link.kind == kind:
                    out.print(
                        f"  {escape(link.url)}  [dim]{escape(link.text[:80])}[/]", soft_wrap=True
                    )
