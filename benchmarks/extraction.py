"""Bodies of the shared gold pages: the shipped reader beside every other reader installed here.

Run from the checkout: ``python -m benchmarks.extraction [--set fundus] [--half 0|1] [--show 20]
[--only morestories,…]``. The figure is the 4-gram shingle F1 of scrapinghub's benchmark: precision
and recall of each page's multiset of four-word runs, averaged over pages, then their harmonic mean;
a word is ``[\\w\\p{M}\\u200c\\u200d]+``. "clean" counts the pages whose body holds none of the
strings that are not of the story and all of those that are. ms is processor time, the median page,
of this run: compare within a run only. morestories' time holds metadata, links and page type, and
so does "trafilatura +metadata"; the others give a body only. "morestories +portal" reads each page
with what the other pages of its site in the same set teach (host, and theme where that is told),
itself left out; most sites have one or two pages there, and three teach nothing.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import statistics
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import track
from rich.table import Table

from archive.text.words import words

DATA = Path(__file__).parents[1] / "../shared/data"
SETS = ("scrapinghub", "fundus", "hindi_themes", "transplant_hi", "indic_real")
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # the shared pages tell no time of capture
Reader = Callable[[bytes, str], str]
Gold = dict[str, Any]


@dataclass(slots=True)
class Score:
    """What one reader reached on one set."""

    precision: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    clean: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    worst: list[tuple[float, str]] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """Return the harmonic mean of mean precision and mean recall."""
        precision, recall = statistics.fmean(self.precision), statistics.fmean(self.recall)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def shingles(text: str, size: int = 4) -> Counter[tuple[str, ...]]:
    """Return the runs of ``size`` words in ``text``; a shorter text is one run."""
    found = words(text)
    if not found:
        return Counter()
    return Counter(tuple(found[i : i + size]) for i in range(max(1, len(found) - size + 1)))


def precision_recall(gold: str, text: str) -> tuple[float, float]:
    """Return a page's precision and recall; two empty texts agree."""
    wanted, got = shingles(gold), shingles(text)
    if not wanted and not got:
        return 1.0, 1.0
    shared = (wanted & got).total()
    return shared / max(1, got.total()), shared / max(1, wanted.total())


def is_clean(gold: Gold, text: str) -> bool:
    """Tell whether ``text`` has nothing that must not and all that must be in it."""
    leaks = (string for group in gold.get("leaks", {}).values() for string in group)
    musts = (string for group in gold.get("must", {}).values() for string in group)
    return not any(leak in text for leak in leaks) and all(must in text for must in musts)


def pages(name: str, half: int | None = None, step: int = 1) -> Iterator[tuple[str, bytes, Gold]]:
    """Yield id, bytes and gold; ``half`` splits a set by a hash of the id, ``step`` thins it."""
    gold = json.loads((DATA / name / "gold.json").read_text("utf-8"))
    keys = [key for key in sorted(gold) if half is None or zlib.crc32(key.encode()) % 2 == half]
    for key in keys[::step]:
        yield (
            key,
            gzip.decompress((DATA / name / "html" / f"{key}.html.gz").read_bytes()),
            gold[key],
        )


def measure(reader: Reader, sample: Iterable[tuple[str, bytes, Gold]]) -> Score:
    """Read every page of ``sample`` and score it."""
    score = Score()
    for key, payload, gold in sample:
        began = time.process_time()
        text = reader(payload, gold["url"])
        score.seconds.append(time.process_time() - began)
        precision, recall = precision_recall(gold["text"], text)
        score.precision.append(precision)
        score.recall.append(recall)
        score.clean.append(is_clean(gold, text))
        both = precision + recall
        score.worst.append((2 * precision * recall / both if both else 0.0, key))
    score.worst.sort()
    return score


def ours(payload: bytes, url: str) -> str:
    """Read with the shipped reader."""
    from archive.extract import read_page

    article = read_page(payload, url=url)
    return article.text if article else ""


def with_portal(sample: Sequence[tuple[str, bytes, Gold]]) -> Reader:
    """Return the shipped reader with, for each page, what the others of its site teach."""
    from archive.extract.learning import Witness, confront, learn, narrowed
    from archive.extract.read import explain_page, read_page
    from archive.portal import Portal

    seen: dict[bytes, tuple[str, Witness]] = {}
    for number, (_, payload, gold) in enumerate(sample):
        reading = explain_page(payload, url=gold["url"])
        if reading is not None and reading.observation is not None:
            site = f"{urlsplit(gold['url']).netloc} {gold.get('theme', '')}"
            seen[payload] = site, Witness(reading.observation, number, number, _UNDATED)
    layouts = {}
    for payload, (site, one) in seen.items():
        known = confront(w for there, w in seen.values() if there == site)
        own = next(w for w in known if w.capture == one.capture)
        layouts[payload] = narrowed(learn(w for w in known if w is not own), own)

    def read(payload: bytes, url: str) -> str:
        article = read_page(payload, url=url, portal=Portal(layouts=layouts.get(payload, ())))
        return article.text if article else ""

    return read


def _trafilatura(**options: Any) -> Reader:
    import trafilatura

    return lambda payload, url: trafilatura.extract(payload, url=url, **options) or ""


def _resiliparse(payload: bytes, _: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(payload.decode("utf-8", "replace"), main_content=True))


def _newspaper(payload: bytes, url: str) -> str:
    import newspaper

    article = newspaper.Article(url)
    article.set_html(payload.decode("utf-8", "replace"))
    article.parse()
    return str(article.text)


def _readability(payload: bytes, _: str) -> str:
    import readability
    from lxml import html

    summary = readability.Document(payload.decode("utf-8", "replace")).summary()
    return str(html.fromstring(summary).text_content())


def _goose(payload: bytes, _: str) -> str:
    import goose3

    with goose3.Goose() as goose:
        return str(goose.extract(raw_html=payload.decode("utf-8", "replace")).cleaned_text)


def _magic_html(payload: bytes, url: str) -> str:
    import magic_html
    from lxml import html

    found = magic_html.GeneralExtractor().extract(payload.decode("utf-8", "replace"), base_url=url)
    return str(html.fromstring(found["html"]).text_content())


OTHERS: dict[str, Reader] = {
    "newspaper": _newspaper,
    "readability": _readability,
    "goose3": _goose,
    "magic_html": _magic_html,
}


def readers() -> dict[str, Reader]:
    """Return every reader that this environment has, ours first."""
    found: dict[str, Reader] = {
        "morestories": ours,
        "morestories +portal": ours,  # see with_portal
        "trafilatura": _trafilatura(),
        "trafilatura precision": _trafilatura(favor_precision=True),
        "trafilatura +metadata": _trafilatura(with_metadata=True, output_format="json"),
        "resiliparse": _resiliparse,
    }
    found |= {name: read for name, read in OTHERS.items() if importlib.util.find_spec(name)}
    return found


def _body_of(reader: Reader) -> Reader:
    """Return a reader whose JSON answer is unpacked outside of the clock's concern."""

    def read(payload: bytes, url: str) -> str:
        answer = reader(payload, url)
        return str(json.loads(answer)["text"]) if answer else ""

    return read


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--set", choices=SETS, action="append")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--only", default="", help="readers to run, by comma")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="our N worst pages")
    options = parser.parse_args()
    console = Console()
    if not DATA.is_dir():
        console.print(f"no gold pages at {DATA.resolve()}: nothing was measured")
        return
    names = options.set or list(SETS)
    table = Table("set", "reader", "F1", "precision", "recall", "clean", "ms", box=None)
    chosen = {
        k: v for k, v in readers().items() if not options.only or k in options.only.split(",")
    }
    scores: dict[str, dict[str, Score]] = {}
    for name in track(names, description="sets", console=console, transient=True):
        sample = list(pages(name, options.half))
        for label, reader in chosen.items():
            read = _body_of(reader) if label.endswith("+metadata") else reader
            read = with_portal(sample) if label.endswith("+portal") else read
            scores.setdefault(label, {})[name] = measure(read, sample)
    for name in names:
        for label, row in scores.items():
            score = row[name]
            share = f"{100 * sum(score.clean) / len(score.clean):.0f} %"
            table.add_row(
                name,
                label,
                f"{score.f1:.3f}",
                f"{statistics.fmean(score.precision):.3f}",
                f"{statistics.fmean(score.recall):.3f}",
                share if name == "hindi_themes" else "",
                f"{1000 * statistics.median(score.seconds):.1f}",
            )
        table.add_section()
    console.print(table)
    for name in names:
        for f1, key in scores[next(iter(scores))][name].worst[: options.show]:
            console.print(f"  {f1:.3f} {name} {key}")


if __name__ == "__main__":
    main()
