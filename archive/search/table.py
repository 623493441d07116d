"""``search('…')`` in SQL: the stories that words find, as a table to join with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
from duckdb.func import FunctionNullHandling

from archive.errors import ArchiveError, BadSetting, StoreError
from archive.store.faults import SEARCH_ASKED, SEARCH_FAILED

_HITS = "STRUCT(article BIGINT, score DOUBLE)[]"
_MOST = 1_000


def make_search(
    connection: duckdb.DuckDBPyConnection, folder: Path, snapshot: int | None = None
) -> Callable[[str | None, str | None], dict[str, object]]:
    """Make what ``search`` calls, for this connection and its cursors; return it.

    With ``snapshot`` it asks the stories as they stood in that snapshot of the tables. An error
    comes back as a value and is raised by SQL: DuckDB would put a traceback round one that is
    raised. DuckDB holds the function no longer than ``connection``, and a cursor that outlives it
    would crash: the caller keeps it.
    """

    def answer(text: str | None, most: str | None) -> dict[str, object]:
        from archive.search.find import ranked  # the index is loaded by those who search

        try:
            found = ranked(folder, _words(text), _number(most), snapshot)
        except ArchiveError as error:
            began = SEARCH_FAILED if isinstance(error, StoreError) else SEARCH_ASKED
            return {"hits": [], "wrong": f"{began}{error}"}
        return {"hits": [{"article": a, "score": s} for a, s in found], "wrong": None}

    connection.create_function(
        "search_answer",
        answer,
        ["VARCHAR", "VARCHAR"],
        duckdb.dtype(f"STRUCT(hits {_HITS}, wrong VARCHAR)"),
        null_handling=FunctionNullHandling.SPECIAL,
    )
    return answer


def name_search(connection: duckdb.DuckDBPyConnection) -> None:
    """Let ``search(text, most := 1000)`` be a table of the stories that ``text`` finds.

    The name is this connection's alone; what it calls is there (see :func:`make_search`).
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO search(text := NULL, most := {_MOST}) AS TABLE "
        "SELECT unnest(CASE WHEN answer.wrong IS NULL THEN answer.hits "
        f"ELSE error(answer.wrong)::{_HITS} END, recursive := true) "
        "FROM (SELECT search_answer(text::VARCHAR, most::VARCHAR) AS answer)"
    )


def _words(text: str | None) -> str:
    if text is None:
        raise BadSetting("nothing to look for: give words, such as search('शिमला \"सड़क हादसा\"')")
    return text


def _number(most: str | None) -> int:
    try:
        number = int(most or "")
    except ValueError:
        number = 0
    if number < 1:
        raise BadSetting(
            f"most := {most or 'NULL'} is no number of stories: give a whole one from 1 on, "
            f"or leave it out for {_MOST:,}"
        )
    return number
