"""Read back from a record what the revisit index must know of it."""

from __future__ import annotations

from typing import Final

from archive.warc.compose import form
from archive.warc.message import parse_head, split_head
from archive.warc.record import Record
from archive.warc.revisits import Original, RevisitIndex

_MOST_HEAD: Final = 1_048_576


def recall(record: Record, revisits: RevisitIndex) -> None:
    """Add one record of a WARC to the index, as the writer did when it wrote it."""
    digest = record.get("warc-payload-digest")
    if record.record_type not in ("response", "revisit") or not digest.startswith("sha256:"):
        return
    if record.get("warc-truncated"):
        return
    status, headers = parse_head(split_head(record.first(_MOST_HEAD))[0])
    if status is None or status == 304 or 300 <= status < 400:
        return
    url, date = record.get("warc-target-uri"), record.get("warc-date")
    if record.record_type == "revisit":
        url_of, date_of = record.get("warc-refers-to-target-uri"), record.get("warc-refers-to-date")
        original = Original(digest, form(status, headers), url_of, date_of)
    else:
        original = Original(digest, form(status, headers), url, date)
    revisits.remember(url, original, current=status == 200)
