"""The CDX server API, as pywb and the Wayback Machine share it, straight from the index.

Parameters: ``url``, ``matchType`` (exact, prefix, host, domain), ``from`` and ``to`` (1–14 digits,
both inclusive), ``limit`` (negative: the newest), ``sort`` (``reverse``; ``closest`` with
``closest=TIMESTAMP``), ``filter`` (may be repeated), ``fl`` (or ``fields``), ``output`` (cdxj,
json: one object a line, text: the Wayback Machine's seven columns).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, cast, get_args

from archive.cdxj import Entry
from archive.errors import BadSetting
from archive.replay.asked import address
from archive.replay.index import Index, MatchType, moment, span

Output = Literal["cdxj", "json", "text"]
Test = Callable[[Entry], bool]

MEDIA: Final[dict[str, str]] = {
    "cdxj": "text/x-cdxj",
    "json": "text/x-ndjson",
    "text": "text/plain; charset=utf-8",
}
_FIELDS: Final[dict[str, Callable[[Entry], str]]] = {
    "urlkey": lambda e: e.key,
    "timestamp": lambda e: e.timestamp,
    "url": lambda e: e.url,
    "mime": lambda e: e.mime,
    "status": lambda e: e.status,
    "digest": lambda e: e.digest,
    "length": lambda e: str(e.length),
    "offset": lambda e: str(e.offset),
    "filename": lambda e: e.warc,
}
# The Wayback Machine's names for the same.
_ALIASES: Final = {"original": "url", "mimetype": "mime", "statuscode": "status"}
_COLUMNS: Final = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length")
_MOST: Final = 1_000_000_000  # captures; whoever asks for more gets all there are
_FILTER: Final = re.compile(r"(!?)([=~]?)(\w+):(.*)", re.S)


@dataclass(frozen=True, slots=True)
class Question:
    """One request to the API. ``first`` and ``last`` are 14 digits, both inclusive."""

    url: str
    match: MatchType = "exact"
    first: str = "0" * 14
    last: str = "9" * 14
    limit: int | None = None
    sort: Literal["", "reverse", "closest"] = ""
    closest: str = ""
    tests: tuple[Test, ...] = ()
    fields: tuple[str, ...] = ()
    output: Output = "cdxj"


def read_question(pairs: list[tuple[str, str]]) -> Question:
    """Read a query string's pairs; parameters that others have and we do not are let be.

    Raises ``BadSetting`` that names the parameter and what it takes.
    """
    given = dict(reversed(pairs))
    url = given.get("url", "").strip()
    if not url:
        raise BadSetting("url is missing: /cdx?url=https://khabar.example/*")
    names = given.get("fl") or given.get("fields") or ""
    return Question(
        url=url if url.startswith("*.") else address(url),
        match=cast(MatchType, _one_of(given, "matchType", get_args(MatchType), "exact")),
        first=_digits(given, "from").ljust(14, "0"),
        last=_digits(given, "to").ljust(14, "9"),
        limit=_number(given, "limit"),
        sort=cast(
            Literal["", "reverse", "closest"],
            _one_of(given, "sort", ("", "default", "reverse", "closest"), "").replace(
                "default", ""
            ),
        ),
        closest=_closest(given),
        tests=tuple(_test(value) for key, value in pairs if key == "filter"),
        fields=tuple(_field(name) for name in names.split(",") if name),
        output=cast(Output, _one_of(given, "output", get_args(Output), "cdxj")),
    )


def answer(index: Index, question: Question) -> Iterator[str]:
    """Yield the lines of the answer, each with its line feed."""
    for entry in _limited(index, question):
        yield _line(entry, question)


def _limited(index: Index, question: Question) -> Iterator[Entry]:
    limit = question.limit
    if limit is None:
        return _chosen(index, question)
    if limit >= 0:
        return islice(_chosen(index, question), limit)
    return iter(deque(_chosen(index, question), -limit))


def _chosen(index: Index, question: Question) -> Iterator[Entry]:
    if question.sort == "closest" and question.match == "exact":
        found = index.nearest(question.url, question.closest or "9999")
    else:
        where = span(question.url, question.match)
        found = index.captures(where, newest_first=question.sort == "reverse")
    for entry in found:
        if not question.first <= entry.timestamp <= question.last:
            continue
        if all(test(entry) for test in question.tests):
            yield entry


def _line(entry: Entry, question: Question) -> str:
    names = question.fields
    if question.output == "text":
        return " ".join(_FIELDS[name](entry) or "-" for name in names or _COLUMNS) + "\n"
    if question.output == "json":
        told = {name: value for name in names or _FIELDS if (value := _FIELDS[name](entry))}
        return json.dumps(told) + "\n"
    if not names:
        return entry.line().decode()
    told = {name: _FIELDS[name](entry) for name in names if name not in ("urlkey", "timestamp")}
    return f"{entry.key} {entry.timestamp} {json.dumps(told)}\n"


def _test(text: str) -> Test:
    """Read ``[!][=|~]field:value``: ``=`` is equal, ``~`` matches from the start, else found in.

    The value is a regular expression but for ``=``. pywb's plain form means "contains" and the
    Wayback Machine's "matches": what is plain text means the same to both.
    """
    found = _FILTER.fullmatch(text)
    if not found:
        raise BadSetting(f"filter is {text!r}, not [!][=~]FIELD:VALUE such as !status:404")
    negated, kind, name, value = found.groups()
    get = _FIELDS[_field(name)]
    if kind == "=":
        return lambda entry: (get(entry) == value) is not bool(negated)
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise BadSetting(
            f"filter {text!r}: {value!r} is no regular expression ({error})"
        ) from error
    meets = pattern.match if kind == "~" else pattern.search
    return lambda entry: bool(meets(get(entry))) is not bool(negated)


def _field(name: str) -> str:
    plain = _ALIASES.get(name, name)
    if plain not in _FIELDS:
        raise BadSetting(f"no field {name!r}: there are {', '.join(_FIELDS)}")
    return plain


def _one_of(given: dict[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(name, default) or default
    if value not in allowed:
        raise BadSetting(f"{name} is {value!r}: it takes {', '.join(filter(None, allowed))}")
    return value


def _digits(given: dict[str, str], name: str) -> str:
    value = given.get(name) or ""
    if value and not (value.isascii() and value.isdigit() and len(value) <= 14):
        raise BadSetting(f"{name} is {value!r}, not 1 to 14 digits such as 20261124")
    return value


def _closest(given: dict[str, str]) -> str:
    value = _digits(given, "closest")
    if value:
        moment(value)
    return value


def _number(given: dict[str, str], name: str) -> int | None:
    value = given.get(name) or ""
    if not value:
        return None
    try:
        return max(-_MOST, min(int(value), _MOST))
    except ValueError as error:
        raise BadSetting(f"{name} is {value!r}, not a whole number") from error
