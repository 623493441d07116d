"""``search('…')`` in SQL: the stories that words find, as a table to join with."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import duckdb
from duckdb.func import FunctionNullHandling

from archive.errors import ArchiveError, BadSetting

NAME: Final = "search(): "  # begins each of its errors
_HITS = "STRUCT(article BIGINT, score DOUBLE)[]"
_MOST = 1_000


def make_search(
    connection: duckdb.DuckDBPyConnection, folder: Path, snapshot: int | None = None
) -> Callable[[str | None, str | None], dict[str, object]]:
    """Make what ``search`` calls, for this connection and its cursors; return it.

    With ``snapshot`` it asks the stories as they stood in that snapshot of the tables. DuckDB runs
    Python functions only where numpy is installed. An error comes back as a value and is raised
    by SQL: DuckDB would put a traceback round one that is raised. DuckDB holds the function no
    longer than ``connection``, and a cursor that outlives it would crash: the caller keeps it.
    """

    def answer(text: str | None, most: str | None) -> dict[str, object]:
        from archive.search.find import ranked  # the index is loaded by those who search

        try:
            found = ranked(folder, _words(text), _number(most), snapshot)
        except ArchiveError as error:
            return {"hits": [], "wrong": f"{NAME}{error}"}
        return {"hits": [{"article": a, "score": s} for a, s in found], "wrong": None}

    if _runs_python():
        returned = duckdb.dtype(f"STRUCT(hits {_HITS}, wrong VARCHAR)")
        connection.create_function(
            "search_answer",
            answer,
            ["VARCHAR", "VARCHAR"],
            returned,
            null_handling=FunctionNullHandling.SPECIAL,
        )
    return answer


def name_search(connection: duckdb.DuckDBPyConnection) -> None:
    """Let ``search(text, most := 1000)`` be a table of the stories that ``text`` finds.

    The name is this connection's alone; what it calls is there (see :func:`make_search`). Without
    numpy the call says so.
    """
    found = "search_answer(text::VARCHAR, most::VARCHAR)"
    if not _runs_python():
        wrong = f"{NAME}in SQL it needs numpy: pip install numpy"
        found = f"{{hits: NULL::{_HITS}, wrong: '{wrong}'}}"
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO search(text := NULL, most := {_MOST}) AS TABLE "
        "SELECT unnest(CASE WHEN answer.wrong IS NULL THEN answer.hits "
        f"ELSE error(answer.wrong)::{_HITS} END, recursive := true) "
        f"FROM (SELECT {found} AS answer)"
    )


def _runs_python() -> bool:
    return find_spec("numpy") is not None


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
