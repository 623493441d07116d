"""The shared form of the lake with its Parquet files in a bucket: PostgreSQL and S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import StoreError
from archive.ingest import Ingest
from archive.rebuild import rebuild
from archive.search.find import find
from archive.store.connection import connect, share
from tests.archive.store.bucket_server import BUCKET, bucket_server
from tests.archive.store.test_shared import (  # noqa: F401  # fixtures
    answer,
    bring,
    catalog,
    command,
    local,
    papers,
    server,
    start,
    tables,
)

pytestmark = [pytest.mark.root, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with bucket_server(tmp_path_factory.mktemp("bucket")) as environment:
        yield environment


@pytest.fixture(autouse=True)
def environment(keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in keys.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def data(tmp_path: Path) -> str:
    return f"s3://{BUCKET}/{tmp_path.name}"


def test_the_rows_are_those_of_the_local_form(tmp_path, catalog, data, local, bring) -> None:  # noqa: F811
    folder = tmp_path / "archive"
    bring(folder, "one", "two")
    done = command(folder, "ingest", "--catalog", catalog, "--data", data, "--workers", "1")
    assert done.exit_code == 0, done.output
    assert tables(folder) == local
    assert not (folder / "lake").exists()
    kept = (folder / "lake.toml").read_text()
    assert data in kept
    assert "KEY" not in kept.upper()
    with connect(folder) as connection:
        (files,) = connection.execute(
            "SELECT list(DISTINCT data_file) FROM ducklake_list_files('lake', 'texts')"
        ).fetchone() or ((),)
    assert files
    assert all(file.startswith(f"{data}/") for file in files)
    rebuild(folder, workers=1)
    assert tables(folder) == local
    assert find(folder, "बर्फबारी").total > 5


def test_kills_lose_nothing_and_double_nothing(tmp_path, catalog, data, local, bring) -> None:  # noqa: F811
    folder = tmp_path / "archive"
    share(folder, catalog, data)
    bring(folder, "one", "two")
    assert answer(start("killed", folder, 4, 20261124))["killed"] >= 2
    Ingest(folder, workers=1).run()
    assert tables(folder) == local


def test_what_is_wrong_is_named_and_no_key_is(tmp_path, catalog, data, keys, monkeypatch) -> None:  # noqa: F811
    host = keys["AWS_ENDPOINT_URL"].removeprefix("http://")

    def refused(said: str, where: str = data) -> None:
        with pytest.raises(StoreError) as caught:
            share(tmp_path, catalog, where)
        assert said in str(caught.value)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            assert keys[name] not in str(caught.value)
        assert not (tmp_path / "lake.toml").exists()

    refused("s3://nosuch/x/ at " + host, "s3://nosuch/x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    refused(f"{data}/ at {host}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    refused("127.0.0.1:1")


def test_a_bucket_that_went_away_is_named_and_no_key_is(
    tmp_path, catalog, data, keys, bring, monkeypatch  # noqa: F811
) -> None:  # fmt: skip
    share(tmp_path, catalog, data)
    bring(tmp_path, "one")
    Ingest(tmp_path, workers=1).run()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    done = command(tmp_path, "sql", "SELECT count(DISTINCT body) FROM articles")
    assert isinstance(done.exception, StoreError)
    said = str(done.exception)
    assert data in said
    assert "geheim" not in said
    assert keys["AWS_ACCESS_KEY_ID"] not in said
