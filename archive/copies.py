"""Which stories are copies of one another: pure functions of their texts, in no order.

A story is its set of shingles, three words in a row of its body. MinHash keys (rensa) name
the pairs worth a look; whether a pair is a copy is decided on the whole sets. Two things decide:

- **containment**, the share of the shorter text's shingles that the longer one has, finds agency
  copies that were cut short, where similarity (shared ÷ all) would be low; a brief, most of which
  may be stock phrases, must be contained nearly whole;
- **figures**: template texts (weather, mandi rates) differ in their numbers only. On one portal
  a text with figures of its own is a story of its own, and on two portals texts that share less
  than half of the shorter one's figures are.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rensa import RMinHash

from archive.text.words import words

RULES = 2  # of this file and of rensa's hashes; a change makes every archive's keys anew
SHINGLE = 3  # words
SHORTEST = 12  # shingles: below that a text is a caption, and half the captions look alike
CONTAINED = 0.6  # of the shorter text's shingles; two reports that quote one statement have less
# Two briefs of different accidents share their stock phrases: "पुलिस ने मामला दर्ज कर जांच शुरू की". What
# is theirs alone, a name or two, is a tenth of so few shingles at least.
BRIEF = 40  # shingles
BRIEF_CONTAINED = 0.9
CUT = 0.8  # a copy whose length is at most so much of the other's is cut, if it is within it …
WITHIN = 0.9  # … to this share
FIGURES = 3  # fewer figures than that say nothing about a template
_LEAD = 60  # words: what is left of a story that was cut short
# 24 bands of 3 find a similarity of .3 in 48 % of pairs, .5 in 96 %, and .01 in one of 40,000.
_BANDS, _LEAD_BANDS, _ROWS = 24, 8, 3
_SEED = 20261101


@dataclass(frozen=True, slots=True)
class Text:
    """A body as copies see it: ``shingles`` and ``figures`` are sets, ``length`` counts words."""

    shingles: frozenset[str]
    figures: frozenset[str]
    length: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """How one text is like another, 0 to 1."""

    similarity: float
    containment: float


def text_of(body: str) -> Text:
    """Return what ``body`` (in normal form) is to be compared by."""
    found = [word.casefold() for word in words(body)]
    figures = frozenset(word for word in found if any(c.isdigit() for c in word))
    return Text(frozenset(_shingles(found)), figures, len(found))


def keys(body: str) -> list[int]:
    """Return the keys of ``body``, signed 32 bits: texts that share one may be copies.

    Empty for a text too short to be told from others. Part of the keys are of the first words
    alone, which a text that was cut to a third still shares.
    """
    found = [word.casefold() for word in words(body)]
    if len(found) - SHINGLE + 1 < SHORTEST:
        return []
    whole = _bands(_shingles(found), _BANDS, "whole")
    return whole + _bands(_shingles(found[:_LEAD]), _LEAD_BANDS, "lead")


def likeness(one: Text, other: Text) -> Likeness:
    """Compare two texts; symmetrical."""
    shared = len(one.shingles & other.shingles)
    either = len(one.shingles) + len(other.shingles) - shared
    shorter = min(len(one.shingles), len(other.shingles))
    return Likeness(shared / either if either else 0.0, shared / shorter if shorter else 0.0)


def are_copies(one: Text, other: Text, *, one_portal: bool) -> bool:
    """Tell whether two stories are one text; symmetrical."""
    if min(len(one.shingles), len(other.shingles)) < SHORTEST:
        return False
    own = min(len(one.figures - other.figures), len(other.figures - one.figures))
    fewer = min(len(one.figures), len(other.figures))
    if one_portal and own:
        return False
    if fewer >= FIGURES and len(one.figures & other.figures) * 2 < fewer:
        return False
    brief = min(len(one.shingles), len(other.shingles)) < BRIEF
    return likeness(one, other).containment >= (BRIEF_CONTAINED if brief else CONTAINED)


def kind_of(copy: Text, source: Text) -> str:
    """Return what was done to ``source``: same, cut, extended or edited."""
    if copy.shingles == source.shingles and copy.length == source.length:
        return "same"
    if likeness(copy, source).containment >= WITHIN:
        if copy.length <= CUT * source.length:
            return "cut"
        if source.length <= CUT * copy.length:
            return "extended"
    return "edited"


def clusters(
    keyed: Mapping[int, Iterable[int]],
    copies: Callable[[int, int], bool],
    settled: Mapping[int, int] | None = None,
) -> list[list[int]]:
    """Return the groups of two and more ids that copies join, sorted; ``keyed`` has their keys.

    ``settled`` are ids compared with each other before, with what names their group: of these only
    groups that gained come out. ``copies`` is asked about pairs that share a key and are not joined
    yet, so a thousand copies of one text cost a thousand looks, not half a million; and what
    is settled is not asked about again, so neither does one more report by a template.
    """
    settled = settled or {}
    root = {one: one for one in keyed}

    def top(one: int) -> int:
        while root[one] != one:
            root[one] = one = root[root[one]]
        return one

    def join(one: int, other: int) -> None:
        root[max(top(one), top(other))] = min(top(one), top(other))

    named: dict[int, int] = {}
    for one in settled:
        join(one, named.setdefault(settled[one], one))
    old, new = _by_key(keyed, settled)
    asked: set[tuple[int, int]] = set()
    for key, sharing in new.items():
        for place, one in enumerate(sharing):
            for other in (*old.get(key, ()), *sharing[:place]):
                pair = (min(other, one), max(other, one))
                if pair in asked or top(one) == top(other):
                    continue
                asked.add(pair)
                if copies(*pair):
                    join(*pair)
    made: dict[int, list[int]] = {}
    for one in sorted(keyed):
        made.setdefault(top(one), []).append(one)
    return [m for m in made.values() if len(m) > 1 and not settled.keys() >= set(m)]


def _by_key(
    keyed: Mapping[int, Iterable[int]], settled: Mapping[int, int]
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return by key the settled ids that have it, and the others."""
    old: dict[int, list[int]] = {}
    new: dict[int, list[int]] = {}
    for one in sorted(keyed):
        for key in keyed[one]:
            (old if one in settled else new).setdefault(key, []).append(one)
    return old, new


def _shingles(found: list[str]) -> list[str]:
    return [" ".join(found[i : i + SHINGLE]) for i in range(len(found) - SHINGLE + 1)]


def _bands(shingles: list[str], bands: int, name: str) -> list[int]:
    hashed = RMinHash(num_perm=bands * _ROWS, seed=_SEED)
    hashed.update(shingles)
    digest = hashed.digest()
    return [_key(name, band, digest[band * _ROWS : (band + 1) * _ROWS]) for band in range(bands)]


def _key(name: str, band: int, values: list[int]) -> int:
    packed = name.encode() + struct.pack(f">I{_ROWS}I", band, *values)
    return int.from_bytes(hashlib.blake2b(packed, digest_size=4).digest(), signed=True)
