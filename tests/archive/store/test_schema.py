"""The schema as documented is the schema as made."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from archive.article import Article
from archive.store import connect, schema
from archive.store.document import document


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    connect(folder, write=True).close()
    return folder


@pytest.mark.parametrize("part", [*schema.TABLES, *schema.VIEWS], ids=lambda part: part.name)
def test_columns_are_as_documented(part: schema.Table | schema.View, lake: Path) -> None:
    with connect(lake) as connection:
        made = connection.execute(f"DESCRIBE {part.name}").fetchall()
    known = [(column.name, column.type) for column in part.columns]
    assert [(name, _plain(kind)) for name, kind, *_ in made] == known
    assert all(column.doc for column in part.columns)


def _plain(kind: str) -> str:
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def test_nothing_is_there_that_is_not_documented(lake: Path) -> None:
    with connect(lake) as connection:
        made = {name for (name,) in connection.execute("SHOW TABLES FROM lake").fetchall()}
    assert made - {part.name for part in (*schema.TABLES, *schema.VIEWS)} == {"schema_version"}


def test_the_page_is_made_of_the_schema() -> None:
    page = Path(__file__).parents[3] / "docs" / "schema.md"
    assert page.read_text(encoding="utf-8") == document(), (
        "docs/schema.md is old: python -m archive.store.document > docs/schema.md"
    )


def test_comments_are_in_the_catalog_for_those_who_look_there(lake: Path) -> None:
    with connect(lake) as connection:
        found = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'captures' "
            "AND column_name = 'surt'"
        ).fetchone()
    assert found == ("its sort-friendly form, as in CDXJ",)


def test_every_field_of_an_article_has_its_column() -> None:
    kept = {column.name for table in schema.TABLES for column in table.columns}
    elsewhere = {"canonical_url": "url", "text": "body", "pages": "parts", "links": "links"}
    assert {f.name for f in fields(Article)} - kept - set(elsewhere) == set()


def test_making_the_tables_twice_changes_nothing(lake: Path) -> None:
    def snapshots() -> object:
        with connect(lake) as connection:
            return connection.execute("SELECT count(*) FROM lake.snapshots()").fetchall()

    before = snapshots()
    connect(lake, write=True).close()
    assert snapshots() == before


def test_a_folder_that_moves_opens_where_it_is(lake: Path, tmp_path: Path) -> None:
    moved = lake.rename(tmp_path / "moved")
    try:
        with connect(moved) as connection:
            assert connection.execute("SELECT count(*) FROM articles").fetchone() == (0,)
    finally:
        moved.rename(lake)
