"""A question → ranked stories, with the words that were looked for marked in a snippet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import tantivy

from archive.errors import StoreError
from archive.search.index import day, number, open_index, schema
from archive.search.keys import keyed
from archive.search.question import Question, Term, parse

# A word in the headline says more of a story than one in its text; bylines, section and tags less.
_FIELDS = (("title", 3.0), ("body", 1.0), ("about", 0.7))
_SNIPPET = 200  # characters


@dataclass(frozen=True, slots=True)
class Hit:
    """One story that was found. ``marks`` are (start, end) of the looked-for words in ``snippet``."""

    article: int
    score: float
    url: str
    title: str
    portal: str
    published: datetime | None
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """The best hits, and how many there are in all."""

    total: int
    hits: tuple[Hit, ...]


def find(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    text: str,
    *,
    portal: str | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int = 10,
) -> Hits:
    """Return the stories that ``text`` finds, best first; ``archive.search.question`` has its rules.

    ``since`` and ``until`` bound the day of publication, both inclusive; a story without one is
    then left out. Raises ``BadSetting`` for an empty question, ``StoreError`` without an index.
    """
    question = parse(text)
    total, places = _best(folder, question, portal, since, until, limit)
    rows = ((place.score, _row(connection, place)) for place in places)
    return Hits(total, tuple(_hit(question, score, *row) for score, row in rows if row))


def _row(connection: duckdb.DuckDBPyConnection, place: _Place) -> tuple[Any, ...] | None:
    """Return the row of a hit; None if its story is gone since the index was brought up to date.

    Files are sorted by portal and day, so these two lead to a few row groups. One statement for
    all hits, with ``IN``, reads every body: 18 s at 1 M stories, where ten of these take 0.5 s.
    """
    day_is = "published_day = $3" if place.day else "published_day IS NULL AND $3 IS NULL"
    return connection.execute(
        "SELECT article, url, title, portal, published, body FROM articles "
        f"WHERE portal = $1 AND article = $2 AND {day_is}",
        [place.portal, place.article, place.day],
    ).fetchone()


def ranked(folder: Path, text: str, limit: int) -> list[tuple[int, float]]:
    """Return ids and scores of the stories that ``text`` finds: what ``search()`` is in SQL."""
    _, places = _best(folder, parse(text), None, None, None, limit)
    return [(place.article, place.score) for place in places]


class _Place(NamedTuple):
    """Where a hit lies in the tables."""

    article: int
    score: float
    portal: str
    day: date | None


def _best(
    folder: Path,
    question: Question,
    portal: str | None,
    since: date | None,
    until: date | None,
    limit: int,
) -> tuple[int, list[_Place]]:
    try:
        index = open_index(folder)
        if index is None:
            raise StoreError(
                f"no search index in {folder} yet: `morestories ingest --archive {folder}` makes it"
            )
        searcher = index.searcher()
        result = searcher.search(_query(question, portal, since, until), limit)
    except ValueError as error:  # tantivy's word for a file that is missing or broken
        raise StoreError(
            f"the search index in {folder} is damaged ({error}): "
            f"`morestories rebuild --archive {folder}` makes it again"
        ) from error
    places = []
    for score, address in result.hits:
        stored = searcher.doc(address)
        article, portal_, day_ = (stored[name][0] for name in ("article", "portal", "day"))
        places.append(_Place(article, score, portal_, day(day_)))
    return result.count or 0, places  # type: ignore[attr-defined]  # the stub forgets it


def _query(
    question: Question, portal: str | None, since: date | None, until: date | None
) -> tantivy.Query:
    must, must_not = tantivy.Occur.Must, tantivy.Occur.MustNot
    parts = [(must, _any([_term(term) for term in group])) for group in question.wanted]
    parts += [(must_not, _term(term)) for term in question.unwanted]
    if portal is not None:
        only = tantivy.Query.term_query(_schema(), "portal", portal)
        parts.append((must, tantivy.Query.const_score_query(only, 0.0)))
    if since is not None or until is not None:
        days = tantivy.Query.range_query(
            _schema(),
            "day",
            tantivy.FieldType.Integer,
            number(since) if since else 1,
            number(until) if until else 99_991_231,
        )
        parts.append((must, tantivy.Query.const_score_query(days, 0.0)))
    return tantivy.Query.boolean_query(parts)


def _term(term: Term) -> tantivy.Query:
    return _any(
        [tantivy.Query.boost_query(_in_field(name, term), boost) for name, boost in _FIELDS]
    )


def _in_field(name: str, term: Term) -> tantivy.Query:
    if term.prefix:
        return tantivy.Query.regex_query(_schema(), name, f"{_escaped(term.words[0])}.*")
    if len(term.words) == 1:
        return tantivy.Query.term_query(_schema(), name, term.words[0])
    return tantivy.Query.phrase_query(_schema(), name, list(term.words))


def _any(queries: list[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _escaped(text: str) -> str:
    """Keep what is a letter, digit or mark: a key holds nothing else, but for an underscore."""
    return "".join(c if c.isalnum() or ord(c) > 127 or c == "_" else "" for c in text)


@lru_cache(maxsize=1)
def _schema() -> tantivy.Schema:
    return schema()


def _hit(question: Question, score: float, *row: Any) -> Hit:
    article, url, title, portal, published, body = row
    text, marks = snippet(question, body)
    return Hit(article, score, url, title, portal, published, text, marks)


def snippet(question: Question, body: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the part of ``body`` with the most of what was looked for, and where it stands in it."""
    places = [(word, a, b) for word, a, b in keyed(body) if question.highlights(word)]
    start = _best_start(places)
    before = body.rfind(" ", 0, max(0, start - _SNIPPET // 4)) + 1 if start else 0
    end = min(len(body), before + _SNIPPET)
    if end < len(body) and (blank := body.rfind(" ", before, end)) > before:
        end = blank
    marks = tuple((a - before, b - before) for _, a, b in places if before <= a and b <= end)
    lead = "… " if before else ""
    marks = tuple((a + len(lead), b + len(lead)) for a, b in marks)
    text = lead + body[before:end].replace("\n", " ") + (" …" if end < len(body) else "")
    return text, marks


def _best_start(places: list[tuple[str, int, int]]) -> int:
    """Return where the window with the most different words, then the most words, begins."""
    best, start = (0, 0), 0
    for number_, (_, at, _) in enumerate(places):
        inside = [word for word, a, _ in places[number_:] if a < at + _SNIPPET * 3 // 4]
        if (worth := (len(set(inside)), len(inside))) > best:
            best, start = worth, at
    return start
