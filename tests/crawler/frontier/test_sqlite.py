"""The frontier's contract on SQLite."""

from __future__ import annotations

import pytest

from tests.crawler.frontier.contract import FrontierContract


class TestSqlite(FrontierContract):
    @pytest.fixture
    def frontier_url(self, tmp_path) -> str:
        return f"sqlite:///{tmp_path / 'frontier.sqlite'}"
