"""Title, authors and date of the shared gold pages: ours beside trafilatura's own metadata.

Run from the checkout: ``python -m benchmarks.metadata [--set fundus] [--show] [--half 0|1]``.
Title and authors count only when exact (white space folded, accents and marks as they are);
a date counts to the day: in the portal's zone where it has one, else as the page wrote it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lxml import html as lxml_html
from rich.console import Console
from rich.table import Table

from archive.extract.clock import local_day
from archive.extract.metadata import read_metadata
from archive.portal import Portal

DATA = Path(__file__).parents[1] / "../shared/data"
SETS = ("hindi_themes", "fundus", "indic_real")
INDIA = ("hindi_themes", "indic_real")
Answer = dict[str, Any]


def pages(name: str, half: int | None) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Yield id, bytes and gold of a set's pages; ``half`` splits them by a hash of the id."""
    gold = json.loads((DATA / name / "gold.json").read_text("utf-8"))
    for key, answer in sorted(gold.items()):
        if half is None or zlib.crc32(key.encode()) % 2 == half:
            payload = gzip.decompress((DATA / name / "html" / f"{key}.html.gz").read_bytes())
            yield key, payload, answer


def parse(payload: bytes) -> Any:
    """Parse as the reader does when a page is UTF-8, which all pages of these sets are."""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=False)
    return lxml_html.document_fromstring(payload, parser=parser)


def ours(tree: Any, url: str, zone: str) -> Answer:
    """Read with ``archive.extract.metadata``."""
    found = read_metadata(tree, url=url, portal=Portal(timezone=zone))
    day = ""
    if found.published:
        day = local_day(found.published, zone).isoformat()
        if found.published.precision == "month":
            day = day[:7]
    return {
        "title": found.title,
        "authors": list(found.authors),
        "date": day,
        "category": found.section,
        "tags": list(found.tags),
        "rules": found.rules,
    }


def trafilaturas(tree: Any, url: str, _zone: str) -> Answer:
    """Read with ``trafilatura.extract_metadata``."""
    from trafilatura import extract_metadata

    found = extract_metadata(tree, default_url=url)
    names = [a.strip() for a in (found.author or "").split(";") if a.strip()]
    return {
        "title": found.title or "",
        "authors": names,
        "date": found.date or "",
        "category": (found.categories or [""])[0],
        "tags": list(found.tags or []),
    }


def folded(value: object) -> object:
    """Return a value for comparing: NFC, white space and curly quotes folded."""
    if isinstance(value, list):
        return sorted(str(folded(v)) for v in value)
    text = unicodedata.normalize("NFC", " ".join(str(value).split()))
    return text.translate(str.maketrans("’‘“”\u00a0", "''\"\" "))


def same(field: str, found: Answer, gold: Answer) -> bool:
    """Tell whether one field is right."""
    if field == "date":
        return str(found["date"]) == str(gold["date"])[:10]
    return folded(found[field]) == folded(gold[field])


def measure(
    name: str, reader: Callable[[Any, str, str], Answer], half: int | None, show: bool
) -> tuple[Counter[str], Counter[str], float]:
    """Return right answers and questions by field, and the median CPU ms a page."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    times = []
    for key, payload, gold in pages(name, half):
        tree = parse(payload)
        start = time.process_time()
        found = reader(tree, gold["url"], "Asia/Kolkata" if name in INDIA else "")
        times.append((time.process_time() - start) * 1000)
        for field in ("title", "authors", "date", "category", "tags"):
            if field not in gold:
                continue
            asked[field] += 1
            right[field] += same(field, found, gold)
            if show and not same(field, found, gold):
                rule = found.get("rules", {}).get("section" if field == "category" else field, "")
                rule = found.get("rules", {}).get("published", "") if field == "date" else rule
                print(f"{key} {field} [{rule}]: {found[field]!r} != {gold[field]!r}")
    return right, asked, statistics.median(times)


def main() -> None:
    """Print one table a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--show", action="store_true", help="print what is wrong in ours")
    parser.add_argument("--only-ours", action="store_true")
    args = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"no gold pages at {DATA.resolve()}")
    table = Table("set", "reader", "title", "authors", "date", "section", "tags", "ms (median)")
    for name in [args.set] if args.set else SETS:
        for label, reader in (("morestories", ours), ("trafilatura", trafilaturas)):
            if args.only_ours and reader is not ours:
                continue
            right, asked, ms = measure(name, reader, args.half, args.show and reader is ours)
            cells = [
                f"{right[f]}/{asked[f]}" if asked[f] else "–"
                for f in ("title", "authors", "date", "category", "tags")
            ]
            table.add_row(name, label, *cells, f"{ms:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
