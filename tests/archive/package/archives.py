"""A small archive in four WARCs, one of them another crawler's, for the tests of packages."""

from __future__ import annotations

from pathlib import Path

from archive.ingest import Ingest
from archive.link import LinkKind
from archive.warc.record import Record, read_records
from tests.archive.store.newspaper import SITE, exchange, story_page, write, write_all
from tests.archive.warc.test_foreign import by_warcio

LAST = f"{SITE}/last/"
PICTURE = bytes(range(256)) * 300


def made(folder: Path) -> Path:
    """Write two crawls with revisits, one of a picture, and a WARC of warcio's; land them all."""
    write_all(folder)
    at, kind = 3 * 24 * 60, LinkKind.REQUISITE
    picture = exchange(f"{SITE}/a.jpg", PICTURE, at, media="image/jpeg", kind=kind)
    style = exchange(f"{SITE}/s.css", b"p{background:url(a.jpg)}", at, media="text/css", kind=kind)
    other = exchange(f"{SITE}/b.jpg", PICTURE[1:], at, media="image/jpeg", kind=kind)
    head = b'<link rel="stylesheet" href="/s.css"></head>'
    shown = exchange(LAST, story_page(40).replace(b"</head>", head), at + 1)
    write(folder, "three", [picture, style, other, shown])
    by_warcio(folder / "warc" / "other.warc.gz")
    Ingest(folder, workers=1).run()
    return folder


def stored(path: Path) -> dict[str, tuple[str, bytes]]:
    """Return type and block of every record of a WARC, by its id."""
    return {one.record_id: (one.record_type, b"".join(one.parts())) for one in read_records(path)}


def pairs(path: Path) -> list[tuple[Record, list[str]]]:
    """Return each capture of a WARC, with the types of the records that are about it."""
    records = list(read_records(path))
    about: dict[str, list[str]] = {}
    for one in records:
        about.setdefault(one.get("warc-concurrent-to"), []).append(one.record_type)
    kinds = ("response", "revisit")
    return [(one, about.get(one.record_id, [])) for one in records if one.record_type in kinds]
