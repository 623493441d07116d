"""docs/schema.md, made of the schema: ``python -m archive.store.document > docs/schema.md``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.store.schema import TABLES, VIEWS, Column, Table, View

_FIRST = (
    "articles",
    "revisions",
    "copies",
    "captures",
    "links",
    "outcomes",
    "portals",
    "crawls",
    "gone",
)

_HEAD = """# The tables

Made from `archive/store/schema.py` by `python -m archive.store.document`; a test holds it to the database. Most questions need only `articles`, `links` and `captures`.

```sql
SELECT title, published, url FROM articles WHERE section = 'हिमाचल' ORDER BY published DESC LIMIT 10;
```

- **Times** are `TIMESTAMPTZ`, shown in UTC. A portal's own day of publication is `published_day`. A date whose `published_precision` is `day` has no clock time; one that is `month` has no day.
- **Text** is in normal form (NFC, no invisible characters, ftfy only on mojibake): `text_sha` is the SHA-256 of `title`, a line feed and `body`, so a text can be checked and cited. `texts.extracted` keeps the body as it was extracted, where that differs.
- **A story** (`article`) is what one canonical address names, tracking parameters and AMP aside. Several pages of one post are one story. **A revision** lasts from the capture that first showed it so to the one before the next; recaptures that show the same words extend it.
- **Ids** are 63-bit numbers made from what a row is about, so a rebuild gives the same ones. `to_article` and `captures.article` name the story that an address *would* be; join to `articles` to see whether it is here.
- **Fast** filters: `portal` with `published_day` or `published` on articles, `portal` with `captured` on captures, `portal` and `kind` on links. The files are sorted so.
- **`search('शिमला "सड़क हादसा"')`** is a table of `article` and `score` to join with (from `archive.open` and `morestories sql`).
- Rows come from the WARC files alone. `captures.warc`, `warc_offset` and `warc_length` lead back to the record.
"""


def document() -> str:
    """Return the whole page."""
    parts = {part.name: part for part in (*TABLES, *VIEWS)}
    order = [*_FIRST, *sorted(set(parts) - set(_FIRST))]
    return "\n".join([_HEAD, *(line for name in order for line in _section(parts[name]))])


def _section(part: Table | View) -> Iterator[str]:
    kind = "view" if isinstance(part, View) else "table"
    yield f"## {part.name}"
    yield f"*{kind}* · {part.doc}\n"
    yield "| column | type | |"
    yield "|---|---|---|"
    yield from (_row(column) for column in part.columns)
    yield ""


def _row(column: Column) -> str:
    doc = re.sub(r"\|", r"\\|", column.doc)
    return f"| {column.name} | {column.type} | {doc} |"


if __name__ == "__main__":
    print(document(), end="")
