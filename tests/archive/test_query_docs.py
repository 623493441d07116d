"""docs/research.md does what it says: every command and the Python in it run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from archive.cli import export as export_cli
from archive.cli import query as query_cli
from archive.ingest import Ingest
from archive.store.connection import attach_line
from tests.archive.store.newspaper import write_all

PAGE = (Path(__file__).parents[2] / "docs" / "research.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()
]
app = typer.Typer()
query_cli.register(app)
export_cli.register(app)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an archive in ``data``, as the page assumes."""
    made = tmp_path_factory.mktemp("research")
    write_all(made / "data")
    Ingest(made / "data", workers=1).run()
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(command: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    program, *words = shlex.split(command)
    assert program == "morestories"
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.exception or answer.stderr
    for word in words:
        if re.fullmatch(r"[\w-]+\.(csv|duckdb)", word):
            assert (place / word).stat().st_size > 100


def test_the_page_has_its_commands() -> None:
    assert len(COMMANDS) >= 12


def test_the_python_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["per_month"].num_rows == 1  # type: ignore[attr-defined]
    assert len(names["newest"]) == 5  # type: ignore[arg-type]


def test_the_attach_line_is_the_one_in_use() -> None:
    (shown,) = re.findall(r"(ATTACH .*?);", PAGE, re.S)
    used = attach_line(Path("/path/to/data"))
    for part in re.findall(r"'[^']+'|OVERRIDE_DATA_PATH true|READ_ONLY", shown):
        assert part in used
