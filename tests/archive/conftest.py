"""The newspaper's archive, for the suites that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.ingest import Ingest
from tests.archive.store.newspaper import write_all


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive with both of the newspaper's crawls, landed."""
    folder = tmp_path_factory.mktemp("landed")
    write_all(folder)
    Ingest(folder, workers=1).run()
    return folder
