"""The reader of last resort: plain text of a page that is no decent tree."""

from __future__ import annotations

from resiliparse.extract.html2text import extract_plain_text

from archive.article import Article, PageType
from archive.extract.tree import decode, flat, shorten

# Bounds the work: what lies beyond is not a news story.
MOST_CHARACTERS = 2_000_000


def read_plain(payload: bytes, *, url: str, content_type: str, why: str, versions: str) -> Article:
    """Return an article whose body resiliparse read; ``rules["text"]`` says why."""
    # resiliparse needs minutes where elements nest too deep or hold too many attributes.
    plain = flat(shorten(payload[: 4 * MOST_CHARACTERS]))
    text = decode(plain, content_type)[:MOST_CHARACTERS]
    body = extract_plain_text(text, main_content=True, alt_texts=False, list_bullets=False)
    lines = (" ".join(line.split()) for line in body.splitlines())
    return Article(
        url=url,
        page_type=PageType.OTHER,
        title="",
        text="\n".join(line for line in lines if line),
        reader=f"{versions} resiliparse",
        rules={"text": f"resiliparse: {why}"},
    )
