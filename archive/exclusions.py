"""What is kept and not given out: ``exclusions.jsonl``, obeyed by all that fetches or answers.

A line says who took what out, when and why; an undo is another line. It cannot be made again from
the WARC files, so its lines are chained (``archive.chain``), and ``exclusions.head`` names the
last one: a file that was changed, cut short or deleted is damage, never "no exclusions". Only where
both files are lost together can nobody tell: that is an archive in which nothing was excluded.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from archive import chain
from archive.chain import Broken, Line
from archive.errors import BadSetting, StoreError
from archive.keys import story_key, surt

FILE: Final = "exclusions.jsonl"
HEAD: Final = "exclusions.head"

Kind = Literal["url", "prefix", "portal"]


@dataclass(frozen=True, slots=True)
class Target:
    """What is taken out. ``first`` and ``last`` are capture days (UTC), inclusive; None: no bound.

    ``what`` is an address (with its AMP form and what only tracks: one story), an address that
    ends in ``*`` or begins with ``*.`` (see :func:`target`), or a portal's id.
    """

    kind: Kind
    what: str
    first: date | None = None
    last: date | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is compared by: a story's key, beginnings of :func:`bounded`, a portal's id."""
        if self.kind == "url":
            return (story_key(self.what),)
        return _prefixes(self.what) if self.kind == "prefix" else (self.what,)

    def holds(self, captured: datetime | None) -> bool:
        """Tell whether a capture of that moment is meant; a moment that is not known always is."""
        if captured is None:
            return True
        at = captured.astimezone(UTC).date()
        return (self.first is None or self.first <= at) and (self.last is None or at <= self.last)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One line that takes something out. ``number`` is the line's; ``at`` is UTC."""

    number: int
    target: Target
    reason: str
    by: str
    at: datetime
    undone: Undo | None = None

    def __str__(self) -> str:
        """Say who and why, as a reader of a 451 or of ``frontier why`` is told."""
        return f"{self.reason} (excluded by {self.by} on {self.at:%Y-%m-%d})"


@dataclass(frozen=True, slots=True)
class Undo:
    """Who took an exclusion back, when and why."""

    number: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Exclusions:
    """All that was ever excluded, by line, and what of it stands."""

    every: tuple[Exclusion, ...] = ()
    tip: str = chain.FIRST
    _by_key: Mapping[Kind, Mapping[str, Sequence[Exclusion]]] = field(default_factory=dict)
    _lengths: Sequence[int] = ()

    @classmethod
    def of(cls, every: Iterable[Exclusion], tip: str) -> Exclusions:
        """Return ``every`` with what makes looking one up fast."""
        every = tuple(every)
        by_key: dict[Kind, dict[str, list[Exclusion]]] = {
            kind: defaultdict(list) for kind in get_args(Kind)
        }
        for one in every:
            for key in () if one.undone else one.target.keys:
                by_key[one.target.kind][key].append(one)
        lengths = sorted({len(key) for key in by_key["prefix"]})
        return cls(every, tip, {kind: dict(keys) for kind, keys in by_key.items()}, lengths)

    @property
    def standing(self) -> tuple[Exclusion, ...]:
        """Those that were not undone."""
        return tuple(one for one in self.every if one.undone is None)

    def of_portal(self, portal: str, at: datetime) -> Exclusion | None:
        """Return what excludes all that is captured of a portal at ``at``, None if nothing does."""
        found = self._by_key.get("portal", {}).get(portal, ())
        return next((one for one in found if one.target.holds(at)), None)

    def why(self, url: str, captured: datetime | None, portal: str) -> Exclusion | None:
        """Return the first exclusion that a capture falls under, None if it may be given out.

        ``captured`` is aware; None asks whether any capture of ``url`` is excluded.
        """
        if not self._by_key or not any(self._by_key.values()):
            return None
        found = list(self._by_key["portal"].get(portal, ()))
        if self._by_key["url"]:
            found += self._by_key["url"].get(story_key(url), ())
        if self._lengths:
            key = bounded(surt(url))
            prefixes = self._by_key["prefix"]
            for length in self._lengths:
                found += prefixes.get(key[:length], ())
        held = [one for one in found if one.target.holds(captured)]
        return min(held, key=lambda one: one.number, default=None)


def target(what: str, first: date | None = None, last: date | None = None) -> Target:
    """Read what a person names.

    >>> target("https://a.example/x/").kind, target("demo").kind
    ('url', 'portal')
    >>> target("https://a.example/tag/*").keys, target("*.a.example").keys
    (('example,a)/tag/',), ('example,a)', 'example,a,'))

    ``https://a.example/tag/*`` is ``/tag`` and all below it, ``…/tag*`` also ``/tags``,
    ``https://a.example/*`` all of one host, ``*.a.example`` with its subdomains. Hosts count
    without ``www.``, and http and https are one, as in SURTs. Raises ``BadSetting``.
    """
    what = what.strip()
    if first and last and first > last:
        raise BadSetting(f"--from {first} is after --to {last}")
    kind: Kind = "portal"
    if what.startswith(("http://", "https://")):
        kind = "prefix" if what.endswith("*") else "url"
        if "*" in what.removesuffix("*") or not surt(what.rstrip("*")).partition(")")[1]:
            raise BadSetting(f"{what!r} is no address: https://host/path, with one * at its end")
    elif what.startswith("*."):
        kind = "prefix"
        if "*" in what[2:] or "/" in what or not what[2:]:
            raise BadSetting(f"{what!r} is no domain: *.example.com, and no path")
    elif not what or not all(c.isalnum() or c in "-_" for c in what):
        raise BadSetting(
            f"{what!r} is no portal's id; begin an address with https:// (or a domain with *.)"
        )
    return Target(kind, what, first, last)


def _prefixes(what: str) -> tuple[str, ...]:
    """Return what the bounded SURTs of all that is meant begin with."""
    if what.startswith("*."):
        host = surt(f"https://{what[2:]}/").partition(")")[0]
        return f"{host})", f"{host},"
    bare = what.removesuffix("*")
    path, mark, query = surt(bare).partition("?")
    if mark or bare.endswith("/"):
        path = path if path.endswith("/") else f"{path}/"
    return (f"{path}{mark}{query}",)


UNBOUNDED: Final = r"([^/?])(\?|\z)"  # in DuckDB's words; where ``bounded`` puts a slash
_UNBOUNDED: Final = re.compile(UNBOUNDED.replace(r"\z", r"\Z"))


def bounded(key: str) -> str:
    """Return a SURT with a slash after the last folder, so that ``)/tag/`` begins no ``)/tags``.

    >>> bounded("example,a)/tag"), bounded("example,a)/tag?page=2")
    ('example,a)/tag/', 'example,a)/tag/?page=2')
    """
    return _UNBOUNDED.sub(r"\1/\2", key, count=1)


def read(archive: Path) -> Exclusions:
    """Return the exclusions of the archive in ``archive``.

    Raises ``StoreError`` if the file is not as it was written, or not there any more: whoever
    cannot know what is excluded must give out nothing. Without both files there are no exclusions;
    that they were lost together cannot be noticed.
    """
    path = archive / FILE
    known = _head(archive)  # before the lines: another process may append between the two looks
    lines, broken = chain.read(path)
    every = _checked(path, lines, broken)
    _check_head(archive, known, lines)
    return Exclusions.of(every, lines[-1].sha256 if lines else chain.FIRST)


def damages(archive: Path) -> list[str]:
    """Return what is wrong with the file, as ``verify`` tells it."""
    try:
        read(archive)
    except StoreError as error:
        return [str(error)]
    return []


def exclude(
    archive: Path, what: Target, *, reason: str, by: str, now: datetime
) -> tuple[Exclusion, bool]:
    """Take ``what`` out; return the exclusion, and whether it is new, when it is on disk.

    Safe among processes. Raises ``StoreError`` for a damaged file, ``BadSetting`` without a reason.
    """
    if not reason.strip():
        raise BadSetting("say why: --reason 'court order 12/2026'")
    stands: list[Exclusion] = []

    def told(lines: list[Line], broken: list[Broken]) -> Mapping[str, Any]:
        every = _checked(archive / FILE, lines, broken)
        stands[:] = [one for one in every if one.undone is None and one.target == what]
        if stands:
            raise _Standing
        return {
            "exclude": what.kind,
            "what": what.what,
            "from": what.first and what.first.isoformat(),
            "to": what.last and what.last.isoformat(),
            **_signed(reason, by, now),
        }

    try:
        line = _append(archive, told)
    except _Standing:
        return stands[0], False
    return Exclusion(line.number, what, reason.strip(), by, _second(now)), True


def undo(archive: Path, what: Target, *, reason: str, by: str, now: datetime) -> list[Exclusion]:
    """Take back what stands of ``what``: of these days, or of all where none are given.

    Returns what was undone; raises ``BadSetting`` if nothing of the kind stands.
    """
    undone: list[Exclusion] = []

    def told(lines: list[Line], broken: list[Broken]) -> Mapping[str, Any]:
        every = _checked(archive / FILE, lines, broken)
        undone[:] = [one for one in every if one.undone is None and _same(one.target, what)]
        if not undone:
            raise BadSetting(
                f"{what.what} is not excluded{' for these days' if what.first or what.last else ''}"
                ": `morestories exclude --list` shows what is"
            )
        return {"undo": [one.number for one in undone], **_signed(reason, by, now)}

    _append(archive, told)
    return undone


class Standing:
    """The exclusions as they stand now, for those who run long; any thread may ask."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._seen: tuple[Any, ...] | None = None
        self._read = Exclusions()

    def now(self) -> Exclusions:
        """Return them, read again where the file has changed; raises as :func:`read`."""
        state = tuple(map(_state, (self._archive / FILE, self._archive / HEAD)))
        with self._lock:
            if state != self._seen:
                self._read = read(self._archive)
                self._seen = state
            return self._read

    def reason(self, url: str, captured: datetime | None, portal: str) -> str | None:
        """Return why a capture is not shown, None if it is."""
        found = self.now().why(url, captured, portal)
        return None if found is None else str(found)


class _Standing(Exception):
    """It is excluded already: the file is left as it is."""


def _append(archive: Path, told: Any) -> Line:
    line = chain.append(archive / FILE, told)
    head = archive / HEAD
    # Another process may append meanwhile; a head that is behind by a line proves what it names.
    unfinished = head.with_name(f"{HEAD}.{line.number}.new")
    unfinished.write_text(json.dumps({"line": line.number, "sha256": line.sha256}) + "\n")
    unfinished.replace(head)
    return line


def _head(archive: Path) -> tuple[int, str] | None:
    """Return the number and hash of the last line that was noted, None if none ever was."""
    try:
        told = json.loads((archive / HEAD).read_text())
        return int(told["line"]), str(told["sha256"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{archive / HEAD} is not as it was written: {_REMEDY}") from error


def _check_head(archive: Path, known: tuple[int, str] | None, lines: list[Line]) -> None:
    if known is None:
        if len(lines) > 1:  # the first may be written just now
            raise StoreError(f"{archive / HEAD} is gone: {_REMEDY}")
        return
    number, sha256 = known
    if len(lines) < number or lines[number - 1].sha256 != sha256:
        what = f"does not hold the line {number} that it held" if lines else "is gone"
        raise StoreError(f"{archive / FILE} {what}: {_REMEDY}")


_REMEDY: Final = (
    "nothing is given out or fetched until it is put right; bring exclusions.jsonl and "
    "exclusions.head back from another copy of the archive (where a crash cut the last line of a "
    "command that never said it was done, say it again)"
)


def _checked(path: Path, lines: list[Line], broken: list[Broken]) -> list[Exclusion]:
    """Return the exclusions that the lines tell; raise ``StoreError`` for any doubt."""
    if broken:
        raise StoreError(f"{path}, line {broken[0].line}: {broken[0].what}: {_REMEDY}")
    found: dict[int, Exclusion] = {}
    for line in lines:
        try:
            _take(line, found)
        except (ValueError, TypeError, KeyError, BadSetting) as error:
            raise StoreError(f"{path}, line {line.number}: not understood: {_REMEDY}") from error
    return list(found.values())


def _take(line: Line, found: dict[int, Exclusion]) -> None:
    told = line.told
    reason, by, at = told["reason"], told["by"], datetime.fromisoformat(told["at"])
    if "undo" in told:
        for number in told["undo"]:
            one = found[number]
            undo_ = Undo(line.number, reason, by, at)
            found[number] = Exclusion(number, one.target, one.reason, one.by, one.at, undo_)
        return
    meant = target(told["what"], _day(told["from"]), _day(told["to"]))
    if meant.kind != told["exclude"]:
        raise ValueError(told["exclude"])
    found[line.number] = Exclusion(line.number, meant, reason, by, at)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _same(one: Target, asked: Target) -> bool:
    days = asked.first is None and asked.last is None
    same_days = (one.first, one.last) == (asked.first, asked.last)
    return (one.kind, one.keys) == (asked.kind, asked.keys) and (days or same_days)


def _signed(reason: str, by: str, now: datetime) -> dict[str, str]:
    return {"reason": reason.strip(), "by": by, "at": _second(now).isoformat()}


def _second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
