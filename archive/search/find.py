"""A question → ranked stories, with the words that were looked for marked in a snippet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import tantivy
from isal import isal_zlib

from archive.errors import BadSetting, StoreError
from archive.exclusions import read as read_exclusions
from archive.search.common import pairs
from archive.search.facets import Facets, count
from archive.search.index import FOLDER, STANDS, State, number, open_index, schema
from archive.search.question import Question, Term, parse
from archive.search.snippet import Marks, marks, snippet
from archive.store.concealed import excluded_revisions
from archive.store.connection import connect, state


@dataclass(frozen=True, slots=True)
class Hit:
    """One story that was found, as it stood.

    ``marks`` are (start, end) of the looked-for words in ``snippet``, ``title_marks`` in ``title``.
    """

    article: int
    revision: int
    score: float
    url: str
    title: str
    portal: str
    published: datetime | None
    snippet: str
    marks: Marks
    title_marks: Marks


@dataclass(frozen=True, slots=True)
class Hits:
    """The best hits, how many there are in all, and, where asked for, how they are spread."""

    total: int
    hits: tuple[Hit, ...]
    facets: Facets | None = None


@dataclass(frozen=True, slots=True)
class Only:
    """What narrows a search.

    ``since`` and ``until`` bound the day of publication, both inclusive; a story without one is
    then left out. ``snapshot`` asks the stories as they stood in that snapshot of the tables
    (``archive.store.connection.snapshot_at``); None asks them as they are.
    """

    portal: str | None = None
    since: date | None = None
    until: date | None = None
    snapshot: int | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and self.since > self.until:
            raise BadSetting(
                f"no day is from {self.since} on and up to {self.until}: turn them round"
            )


def find(
    folder: Path, text: str, only: Only = Only(), *, limit: int = 10, facets: bool = False
) -> Hits:
    """Return the stories that ``text`` finds, best first; ``archive.search.question`` has its rules.

    Raises ``BadSetting`` for an empty question and a portal that nobody knows, ``StoreError``
    without an index or for a torn one.
    """
    question = parse(text)
    with _Searching(folder) as searching:
        if only.portal is not None:
            searching.check_portal(only.portal)
        query = searching.shown(_query(question, only, searching.searcher), only.snapshot)
        result = searching.searcher.search(query, searching.at_most(limit))
        hits = tuple(_hit(searching.searcher, question, *found) for found in result.hits)
        spread = count(searching.searcher, query) if facets else None
        return Hits(result.count or 0, hits, spread)  # type: ignore[attr-defined]  # not in the stub


def ranked(
    folder: Path, text: str, limit: int, snapshot: int | None = None
) -> list[tuple[int, float]]:
    """Return ids and scores of the stories that ``text`` finds: what ``search()`` is in SQL."""
    question = parse(text)
    with _Searching(folder) as searching:
        searcher = searching.searcher
        query = searching.shown(_query(question, Only(snapshot=snapshot), searcher), snapshot)
        hits = searcher.search(query, searching.at_most(limit), count=False).hits
        articles = searcher.fast_field_values("article", [address for _, address in hits])
        return [(int(a or 0), score) for a, (score, _) in zip(articles, hits, strict=True)]


class _Searching:
    """The index of ``folder`` at one moment; what it complains of becomes an error with advice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> _Searching:
        try:
            self.searcher = open_index(self._folder).searcher()
        except ValueError as error:  # tantivy's word for a file that is missing or broken
            raise self._damaged(error) from error
        return self

    def at_most(self, limit: int) -> int:
        """Bound ``limit``: tantivy makes room for so many."""
        return max(1, min(limit, self.searcher.num_docs))

    def check_portal(self, portal: str) -> None:
        """Raise ``BadSetting`` for a portal that has neither a story nor a file."""
        if self.searcher.doc_freq("portal", portal):
            return
        if (self._folder / "portals" / f"{portal}.toml").is_file():
            return
        known = [name for name, _ in self.searcher.terms_with_prefix("portal", "")]
        if self.searcher.num_docs and not known:
            raise self._damaged(ValueError("stories without portals"))
        near = get_close_matches(portal, known, n=1)
        hint = (
            f"did you mean {near[0]!r}?"
            if near
            else f"portals with stories: {', '.join(known) or 'none'}"
        )
        raise BadSetting(f"no story of a portal {portal!r}: {hint}")

    def shown(self, query: tantivy.Query, snapshot: int | None) -> tantivy.Query:
        """Leave out what is excluded now. Raises ``StoreError`` where that cannot be known."""
        exclusions = read_exclusions(self._folder)
        if not exclusions.standing:
            return query
        hidden = _hidden(self._folder, exclusions.tip, snapshot, state(self._folder))
        excluded = tantivy.Query.term_set_query(schema(), "revision", hidden)
        return query.and_must_not_match(excluded)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ValueError | isal_zlib.IsalError) or _is_panic(error):
            raise self._damaged(error) from error

    def _damaged(self, error: BaseException | None) -> StoreError:
        return StoreError(
            f"the search index in {self._folder / FOLDER} is damaged ({error}): delete that folder, "
            f"and `morestories ingest --archive {self._folder}` makes it again from the tables"
        )


def _is_panic(error: BaseException | None) -> bool:
    """Tell whether tantivy gave up; the class of that error has no name that can be imported."""
    return type(error).__name__ == "PanicException"


@lru_cache(maxsize=8)
def _hidden(folder: Path, _tip: str, snapshot: int | None, _changed: str) -> list[int]:
    """Return the excluded revisions; looked up once for each time that anything changed."""
    with connect(folder, whole=True) as connection:
        return excluded_revisions(connection, read_exclusions(folder), snapshot)


def _hit(
    searcher: tantivy.Searcher, question: Question, score: float, address: tantivy.DocAddress
) -> Hit:
    state = State.unpacked(searcher.doc(address)["shown"][0])
    text, places = snippet(question, state.body)
    return Hit(
        state.article, state.revision, score, state.url, state.title, state.portal,
        state.published, text, places, marks(question, state.title),
    )  # fmt: skip


def _query(question: Question, only: Only, searcher: tantivy.Searcher) -> tantivy.Query:
    must, must_not = tantivy.Occur.Must, tantivy.Occur.MustNot
    parts = [(must, _any([_term(term) for term in group])) for group in question.wanted]
    parts += [(must_not, _term(term)) for term in question.unwanted]
    if only.portal is not None:
        parts.append((must, _silent(tantivy.Query.term_query(schema(), "portal", only.portal))))
    if only.since is not None or only.until is not None:
        first = number(only.since) if only.since else 1
        last = number(only.until) if only.until else 99_991_231
        parts.append((must, _silent(_between("day", first, last))))
    if only.snapshot is not None:
        parts.append((must, _silent(_between("landed", 0, only.snapshot))))
        parts.append((must, _silent(_between("gone", only.snapshot + 1, STANDS))))
    elif searcher.doc_freq("past", True):
        parts.append((must_not, tantivy.Query.term_query(schema(), "past", True)))
    return parts[0][1] if len(parts) == 1 else tantivy.Query.boolean_query(parts)


def _between(name: str, first: int, last: int) -> tantivy.Query:
    return tantivy.Query.range_query(schema(), name, tantivy.FieldType.Integer, first, last)


def _silent(query: tantivy.Query) -> tantivy.Query:
    """Return a filter: it narrows and gives no score."""
    return tantivy.Query.const_score_query(query, 0.0)


def _term(term: Term) -> tantivy.Query:
    if term.begins:
        return tantivy.Query.regex_query(schema(), "forms", term.begins)
    if len(term.words) == 1:
        return tantivy.Query.term_query(schema(), "text", term.words[0])
    return _phrase(term.words)


def _phrase(words: tuple[str, ...]) -> tantivy.Query:
    """Ask the pairs of common words first: the phrase is then looked for only where they stand."""
    common = [tantivy.Query.term_query(schema(), "pairs", pair) for pair in pairs(words)]
    if common and len(words) == 2:
        return common[0]
    phrase = tantivy.Query.phrase_query(schema(), "text", list(words))
    if not common:
        return phrase
    must = tantivy.Occur.Must
    return tantivy.Query.boolean_query([*((must, _silent(one)) for one in common), (must, phrase)])


def _any(queries: list[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])
