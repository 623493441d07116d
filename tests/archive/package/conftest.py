"""One archive for the tests of this folder; they only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.package import archives


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archives.made(tmp_path_factory.mktemp("archive"))
