"""What changed between two texts, by word as a reader of Hindi counts words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

import regex

from archive.text.words import WORD, words

Kind = Literal["same", "removed", "added"]
Part = tuple[str, Kind]

# A word with its vowel signs and joiners, a run of space, or one cluster of anything else.
_TOKEN: Final = regex.compile(rf"{WORD.pattern}|[^\S\n]+|\n|\X")


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of the comparison; its parts put together without ``added`` are the old one."""

    parts: tuple[Part, ...]

    @property
    def kind(self) -> Kind | Literal["changed"]:
        """Return what the whole line is; ``changed`` if of several kinds."""
        kinds = {kind for text, kind in self.parts if text.strip()} or {"same"}
        return next(iter(kinds)) if len(kinds) == 1 else "changed"


def compare(old: str, new: str) -> list[Line]:
    """Return the lines of both texts in order, each part marked.

    >>> [line.parts for line in compare("दो घायल।", "तीन घायल।")]
    [(('दो', 'removed'), ('तीन', 'added'), (' घायल।', 'same'))]
    """
    before, after = old.splitlines(), new.splitlines()
    parts: list[Part] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        left, right = _lines(before[a:b]), _lines(after[c:d])
        parts += [(left, "same")] if tag == "equal" else _by_word(left, right)
    return list(_split(parts))


def counted(lines: Iterable[Line]) -> tuple[int, int]:
    """Return how many words were removed and added."""
    number = {"same": 0, "removed": 0, "added": 0}
    for line in lines:
        for text, kind in line.parts:
            number[kind] += len(words(text))
    return number["removed"], number["added"]


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _by_word(old: str, new: str) -> list[Part]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    parts: list[Part] = []
    for number, (tag, a, b, c, d) in enumerate(found):
        left, right = "".join(before[a:b]), "".join(after[c:d])
        alone = tag == "equal" and left.isspace() and "\n" not in left
        if alone and 0 < number < len(found) - 1:
            # A space between two changed words belongs to the change: phrases stay readable.
            parts += [(left, "removed"), (left, "added")]
        elif tag == "equal":
            parts.append((left, "same"))
        else:
            parts += [(left, "removed"), (right, "added")]
    return list(_joined(parts))


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Join removals, and additions, that stand side by side; removals come first."""
    held: dict[Kind, str] = {"removed": "", "added": ""}
    for text, kind in parts:
        if kind != "same":
            held[kind] += text
            continue
        yield from ((some, what) for what, some in held.items() if some)
        held = {"removed": "", "added": ""}
        yield text, kind
    yield from ((some, what) for what, some in held.items() if some)


def _split(parts: Iterable[Part]) -> Iterator[Line]:
    line: list[Part] = []
    for text, kind in parts:
        first, *rest = text.split("\n")
        if first:
            line.append((first, kind))
        for piece in rest:
            if line:
                yield Line(tuple(line))
            line = [(piece, kind)] if piece else []
    if line:
        yield Line(tuple(line))
