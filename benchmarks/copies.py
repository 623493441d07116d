"""How well copies are told from other stories, and what that costs as an archive grows.

    python -m benchmarks.copies                     # edits of real pages' texts; 10,000 stories
    python -m benchmarks.copies --stories 1000000   # one update beside so many stories

The texts are the gold bodies of ``../shared/data``; where that is absent, only the cost is
measured, on made-up words. Each text is edited in nine ways that leave it a copy and in three that
do not; its first words, as a brief, in four that do and one that does not. Rules may be chosen by what ``tuning`` says (half of the texts); ``held out`` is the other
half. Times are wall clock, with the CPU seconds of this process beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from archive.copies import RULES, Text, are_copies, keys, kind_of, text_of
from archive.store import connect
from archive.store.copies import update_copies
from archive.text.words import sentences
from benchmarks._newspapers import vocabulary

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("scrapinghub", "fundus", "hindi_themes", "transplant_hi", "indic_real")
BATCH = 2_000  # stories in one update
COPIED = 0.1  # of these, copies of older ones
RECENT = 5_000  # stories whose keys are made as in earnest; older ones' keys are random numbers
START = datetime(2026, 1, 1, tzinfo=UTC)

Edit = Callable[[list[str], list[str], random.Random], list[str]]  # own sentences, another's


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--updates", type=int, default=3)
    given = parser.parse_args()
    texts = real_texts()
    if texts:
        for name, half in (("tuning", 0), ("held out", 1)):
            judge(name, [t for t in texts if _half(t) == half])
    else:
        print(f"precision and recall skipped: no texts in {SHARED}")
    with tempfile.TemporaryDirectory() as folder:
        cost(Path(folder), given.stories, given.updates)


def real_texts() -> list[list[str]]:
    """Return the sentences of each gold body of six sentences and more, each body once."""
    found: dict[str, list[str]] = {}
    for name in SETS:
        gold = SHARED / name / "gold.json"
        if gold.is_file():
            for page in json.loads(gold.read_text(encoding="utf-8")).values():
                found[page.get("text") or ""] = sentences(page.get("text") or "")
    return [s for s in found.values() if len(s) >= 6 and len(" ".join(s).split()) >= 60]


def _half(text: list[str]) -> int:
    return hashlib.sha256(" ".join(text).encode()).digest()[0] & 1


def _reworded(own: list[str], other: list[str], chance: random.Random) -> list[str]:
    spare = " ".join(other).split()
    return [
        " ".join(chance.choice(spare) if chance.random() < 0.08 else w for w in s.split())
        for s in own
    ]


def _shortened(own: list[str], _other: list[str], chance: random.Random) -> list[str]:
    return [s for s in own if chance.random() >= 0.2] or own[:1]


def _reordered(own: list[str], _other: list[str], chance: random.Random) -> list[str]:
    return chance.sample(own, len(own))


def _renumbered(own: list[str], _other: list[str], chance: random.Random) -> list[str]:
    def another(found: re.Match[str]) -> str:
        return str(int(found[0][:9]) + chance.randint(1, 7))

    return [re.sub(r"\d+", another, s) for s in own]


EDITS: dict[str, Edit] = {
    "verbatim": lambda own, _other, _chance: own,
    "credited": lambda own, _other, _chance: ["नई दिल्ली, 3 मार्च (एजेंसी)।", *own, "इनपुट: भाषा"],
    "reworded, 8 % of words": _reworded,
    "a fifth left out": _shortened,
    "reordered": _reordered,
    "cut to a third": lambda own, _other, _chance: own[: max(3, len(own) // 3)],
    "a lead of its own": lambda own, other, _chance: other[: len(own) // 4] + own[len(own) // 5 :],
    "extended by a half": lambda own, other, _chance: own + _much(other, own, 0.5),
    "in a round-up": lambda own, other, _chance: (
        _much(other, own, 0.7) + own + _much(other, own, 0.3)
    ),
}
OTHERS: dict[str, Edit] = {
    "one statement quoted": lambda own, other, _chance: [
        *other[: len(own) // 2], *own[: max(1, len(own) // 4)], *other[len(own) // 2 : len(own)],
    ],
    "figures of its own": _renumbered,
    "another story": lambda _own, other, _chance: other,
}  # fmt: skip


def _brief(own: list[str]) -> list[str]:
    """Return a brief of 24 to 42 words that begins as a text does, in sentences."""
    words = " ".join(own).split()[: 24 + len(own) % 19]
    third = len(words) // 3
    return [" ".join(words[start : start + third]) for start in range(0, len(words), third)]


def _happened_elsewhere(own: list[str], other: list[str], chance: random.Random) -> list[str]:
    """Return a report of another event in the same words: other names in two places of three."""
    words, spare = " ".join(own).split(), " ".join(other).split()
    for start in chance.sample(range(0, len(words) - 4, 6), 2):
        size = chance.randint(1, 3)
        words[start : start + size] = chance.sample(spare, size)
    return [" ".join(words)]


BRIEF_EDITS: dict[str, Edit] = {
    "brief: verbatim": EDITS["verbatim"],
    "brief: credited": EDITS["credited"],
    "brief: in a round-up": EDITS["in a round-up"],
    "brief: a third cut off": lambda own, _other, _chance: own[:2],
}
BRIEF_OTHERS: dict[str, Edit] = {"event, same phrases": _happened_elsewhere}


def _much(other: list[str], own: list[str], share: float) -> list[str]:
    """Return so many of the first sentences of ``other`` as are ``share`` of ``own`` in length."""
    wanted, taken = share * len(" ".join(own)), []
    for sentence in other:
        if wanted <= 0:
            break
        taken.append(sentence)
        wanted -= len(sentence)
    return taken


@dataclass(frozen=True, slots=True)
class Case:
    """An edit of a text, as the archive would see both."""

    text: Text
    edited: Text
    met: bool  # they share a key

    def found(self, *, one_portal: bool) -> bool:
        return self.met and are_copies(self.text, self.edited, one_portal=one_portal)


def cases(texts: list[list[str]], edit: Edit) -> Iterator[Case]:
    """Yield each text with its edit; the other text is the next one."""
    for place, own in enumerate(texts):
        chance = random.Random(place)
        other = texts[(place + 1) % len(texts)]
        one, edited = "\n".join(own), "\n".join(edit(own, other, chance))
        yield Case(text_of(one), text_of(edited), bool(set(keys(one)) & set(keys(edited))))


def judge(name: str, texts: list[list[str]]) -> None:
    """Print recall by edit, what is taken for a copy wrongly, and precision over both."""
    print(f"\n{name}: {len(texts)} texts\n{'':26} {'met':>7} {'found':>7}")
    right = wrong = made = 0
    briefs = [_brief(own) for own in texts]
    for edit, of in (EDITS | BRIEF_EDITS).items():
        some = list(cases(briefs if edit in BRIEF_EDITS else texts, of))
        found = [case for case in some if case.found(one_portal=False)]
        kinds = sorted({kind_of(case.edited, case.text) for case in found})
        met = sum(case.met for case in some)
        print(f"{edit:26} {met / len(some):7.3f} {len(found) / len(some):7.3f}  {', '.join(kinds)}")
        right, made = right + len(found), made + len(some)
    for edit, of in (OTHERS | BRIEF_OTHERS).items():
        some = list(cases(briefs if edit in BRIEF_OTHERS else texts, of))
        some = [c for c in some if edit != "figures of its own" or _numbered(c)]
        found = [c for c in some if c.found(one_portal=edit == "figures of its own")]
        met = sum(case.met for case in some)
        print(f"no copy: {edit:19} {met:3}/{len(some):3} {len(found):3}/{len(some):3}")
        wrong += len(found)
    print(f"recall {right / made:.3f}, precision {right / (right + wrong):.3f}")


def _numbered(case: Case) -> bool:
    """Tell whether a text has figures enough to have some of its own on either side."""
    return bool(case.text.figures - case.edited.figures and case.edited.figures - case.text.figures)


def cost(folder: Path, stories: int, updates: int) -> None:
    """Print what one update costs beside ``stories`` others."""
    with connect(folder, write=True) as connection:
        connection.execute("SELECT setseed(0.5)")
        timed(f"{stories:,} stories made", lambda: _fill(connection, stories))
        recent = min(RECENT, stories)
        timed(f"first update: {recent:,} stories", lambda: update_copies(connection))
        for number in range(updates):
            _add(connection, stories + number * BATCH)
            timed(f"update: {BATCH:,} more stories", lambda: update_copies(connection))
        timed("update: nothing new", lambda: update_copies(connection))
        row = connection.execute("SELECT count(*), count(DISTINCT source) FROM copies").fetchone()
        print(f"{'copies, clusters':34} {row}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'most memory':34} {peak:8.0f} MB")


def timed(name: str, work: Callable[[], object]) -> None:
    """Print how long ``work`` takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:34} {wall:8.2f} s, {cpu:8.2f} of CPU", flush=True)


def _fill(connection: duckdb.DuckDBPyConnection, stories: int) -> None:
    """Put in stories of 18 sentences out of 20,000; all but the recent ones have their keys."""
    chance = random.Random(1)
    words = vocabulary(chance)
    pool = [
        " ".join(words[int(chance.random() ** 2 * len(words))] for _ in range(11)) + "।"
        for _ in range(20_000)
    ]
    connection.execute("CREATE TEMP TABLE pool AS SELECT $1 AS said", [pool])
    connection.execute("SET VARIABLE pool = (SELECT said FROM pool)")
    for start in range(0, stories, 50_000):
        _put(connection, start, min(50_000, stories - start))
    connection.execute(
        "INSERT INTO signatures SELECT article, revision, $1, "
        "list_transform(range(32), x -> (random() * 4294967295 - 2147483648 + x * 0)::INTEGER) "
        "FROM texts WHERE number < $2",
        [RULES, max(0, stories - RECENT)],
    )


def _put(connection: duckdb.DuckDBPyConnection, start: int, count: int) -> None:
    connection.execute(
        "INSERT INTO texts BY NAME SELECT (hash(i) >> 1)::BIGINT AS article, article AS revision, i AS number, "
        "true AS latest, 'portal-' || (i % 20) AS portal, "
        "'https://portal-' || (i % 20) || '.test/' || i || '/' AS url, "
        "$1::TIMESTAMPTZ + to_seconds(i * 60) AS published, published::DATE AS published_day, "
        "published AS first_captured, 'minute' AS published_precision, "
        "array_to_string(list_transform(range(18), x -> "
        "getvariable('pool')[1 + floor(random() * 20000 + x * 0)::INTEGER]), chr(10)) AS body "
        "FROM range($2, $3) r(i)",
        [START, start, start + count],
    )


def _add(connection: duckdb.DuckDBPyConnection, start: int) -> None:
    """Put in one batch, part of it copies of recent stories with their last sentences cut."""
    copied = int(BATCH * COPIED)
    _put(connection, start, BATCH - copied)
    older = connection.execute(
        "SELECT body FROM texts WHERE number >= $1 - 4000 AND number < $1 ORDER BY number LIMIT $2",
        [start, copied],
    ).fetchall()
    ids = [10**15 + start + place for place in range(copied)]
    at = [START + timedelta(minutes=start + BATCH) for _ in ids]
    made = pa.table({
        "article": ids, "revision": ids, "number": [0] * copied, "latest": [True] * copied,
        "portal": ["later"] * copied, "url": [f"https://later.test/{i}/" for i in ids],
        "published": at, "first_captured": at, "published_day": [day.date() for day in at],
        "published_precision": ["minute"] * copied,
        "body": ["\n".join(body.split("\n")[:12]) for (body,) in older],
    })  # fmt: skip
    connection.register("made_copies", made)
    connection.execute("INSERT INTO texts BY NAME FROM made_copies")
    connection.unregister("made_copies")


if __name__ == "__main__":
    main()
