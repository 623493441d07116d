"""How fast the search answers, and how fast stories are added to it.

    python -m benchmarks.search                                          # 20,000 stories
    python -m benchmarks.search --articles 1000000 --archive /tmp/bench  # kept there, used again

The stories are those of ``benchmarks.store``. What is asked is drawn from the index itself: words
that stand in one story of ten to one of a thousand, as the words that people look for do. What
stands in most stories (के, ने) has lines of its own. Times are medians over the questions, from a
question to ten headlines with snippets and marks: the first time that each is asked, and again.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from archive.search.common import COMMON
from archive.search.find import Hits, Only, find
from archive.search.index import SearchIndex, open_index
from archive.search.keys import key
from archive.store import connect
from archive.text.words import words
from benchmarks._newspapers import fill
from benchmarks.store import Desk, grown, spent

ADDED = 1_000  # stories, to an index of all others
QUESTIONS = 25  # of each kind
ORDINARY = (0.001, 0.1)  # share of the stories that hold a word
EVERYWHERE = 6  # so many of the commonest words
TWO_YEARS = (date(2019, 1, 1), date(2020, 12, 31))


class Words:
    """What can be asked of an archive: words by how many stories hold them, and pairs of them."""

    def __init__(self, folder: Path) -> None:
        self._chance = random.Random(3)
        searcher = open_index(folder).searcher()
        held = {
            word: count / searcher.num_docs
            for word, count in searcher.terms_with_prefix("text", "")
            if key(word) == word
        }
        low, high = ORDINARY
        self._ordinary = sorted(word for word, share in held.items() if low <= share <= high)
        common = sorted(held, key=lambda word: (word not in COMMON, -held[word]))
        self._everywhere = common[:EVERYWHERE]
        self.portals = [name for name, _ in searcher.terms_with_prefix("portal", "")]
        with connect(folder) as connection:
            some = connection.execute("SELECT body FROM articles LIMIT 2000").fetchall()
        self._bodies = [words(body) for (body,) in some]

    def ordinary(self, form: str) -> str:
        """Fill the holes of ``form`` with words that people look for."""
        return form.format(*self._chance.sample(self._ordinary, form.count("{}")))

    def everywhere(self, form: str) -> str:
        """Fill the holes with the commonest words."""
        return form.format(*self._chance.sample(self._everywhere, form.count("{}")))

    def phrase(self) -> str:
        """Return two ordinary words that stand side by side in a story."""
        known = frozenset(self._ordinary)
        while True:
            body = self._chance.choice(self._bodies)
            at = self._chance.randrange(max(1, len(body) - 1))
            pair = body[at : at + 2]
            if len(pair) == 2 and known.issuperset(map(key, pair)):
                return f'"{" ".join(pair)}"'

    def beginning(self) -> str:
        """Return the first letters of an ordinary word of four and more."""
        long = [word for word in self._ordinary if len(word) > 4]
        return f"{self._chance.choice(long)[:4]}*"


def ask(
    folder: Path, what: str, question: Callable[[], str], goal: str = "", **only: object
) -> None:
    """Print the medians for one kind of question, without and with facets."""
    asked = [question() for _ in range(QUESTIONS)]
    narrowed = Only(**only)  # type: ignore[arg-type]
    found: list[Hits] = []

    def look(text: str, facets: bool) -> None:
        found.append(find(folder, text, narrowed, facets=facets))

    def times(facets: bool) -> float:
        return statistics.median(spent(partial(look, text, facets)).wall for text in asked)

    first, again, spread = times(False), times(False), times(True)
    stories = statistics.median(hits.total for hits in found)
    cells = " | ".join(f"{time * 1e3:,.1f} ms" for time in (first, again, spread))
    print(f"| {what} | {stories:,.0f} | {cells} | {goal} |", flush=True)


def answers(folder: Path) -> None:
    """Print how long each kind of question takes."""
    known = Words(folder)
    print("| top 10 with snippets | found | first | again | with facets | goal |\n|" + "---|" * 6)
    goal = "< 20 ms"
    for what, question in (
        ("a word", partial(known.ordinary, "{}")),
        ("two words", partial(known.ordinary, "{} {}")),
        ("one or the other", partial(known.ordinary, "{} OR {}")),
        ("one and not the other", partial(known.ordinary, "{} -{}")),
        ("a phrase", known.phrase),
        ("a beginning", known.beginning),
    ):
        ask(folder, what, question, goal)
    since, until = TWO_YEARS
    narrow = {"portal": known.portals[0], "since": since, "until": until}
    ask(folder, "a word, one portal, two years", partial(known.ordinary, "{}"), goal, **narrow)
    with connect(folder) as connection:
        row = connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()
    ask(folder, "a word, as of now", partial(known.ordinary, "{}"), goal, snapshot=row[0][0])
    mixed = partial(known.ordinary, known.everywhere("{} ") + "{}")
    ask(folder, "a word and one of the commonest", mixed)
    ask(folder, "one of the commonest", partial(known.everywhere, "{}"))
    ask(folder, "two of the commonest", partial(known.everywhere, "{} {}"))
    ask(folder, "a phrase of two of the commonest", partial(known.everywhere, '"{} {}"'))


def adding(folder: Path) -> None:
    """Print how long stories take until they can be found."""
    with grown(folder) as copy, connect(copy, write=True) as connection:
        Desk(connection).land(ADDED)
        index = SearchIndex(copy)
        took = spent(lambda: index.update(connection))
        merging = spent(index.close)
    print(f"\n{ADDED:,} stories added: {took.wall:.2f} s (CPU {took.cpu:.2f}), goal < 2 s")
    print(f"merges that this set off, beside: {merging.wall:.1f} s")


def measure(folder: Path, articles: int) -> None:
    """Make archive and index where they are missing, and print the tables."""
    with connect(folder, write=True) as connection:
        if not connection.execute("SELECT count(*) FROM texts").fetchall()[0][0]:
            fill(connection, articles)
        index = SearchIndex(folder)
        made = spent(lambda: index.update(connection))
        index.close()
        (stories,) = connection.execute("SELECT count(*) FROM articles").fetchall()[0]
    size = sum(file.stat().st_size for file in (folder / "search").iterdir())
    print(
        f"{stories:,} stories; index {size / 1e6:,.1f} MB, made in {made.wall:,.0f} s\n", flush=True
    )
    answers(folder)
    adding(folder)


def main() -> None:
    """Measure in the named archive, or in one that goes away."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--articles", type=int, default=20_000)
    options.add_argument("--archive", type=Path)
    chosen = options.parse_args()
    if chosen.archive is not None:
        chosen.archive.mkdir(parents=True, exist_ok=True)
        measure(chosen.archive.resolve(), chosen.articles)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), chosen.articles)


if __name__ == "__main__":
    main()
