from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from archive import chain, fixity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def append(archive: Path, name: str) -> None:
    fixity.append(archive, file=name, size=3, sha256="ab", records=2, now=NOW)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        append(tmp_path, name)
    return tmp_path


def test_lines_name_the_line_before(archive: Path) -> None:
    sealed, broken = fixity.read(archive)
    assert broken == []
    assert list(sealed) == ["a", "b", "c"]
    assert sealed["b"] == fixity.Sealed("b", 3, "ab", "2026-03-01T12:00:00Z", 2)
    first = json.loads((archive / "fixity.jsonl").read_text().splitlines()[0])
    assert first["prev"] == chain.FIRST


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0], lines[2]], 2),  # dropped
        (lambda lines: [lines[0].replace("ab", "cd"), *lines[1:]], 2),  # changed
        (lambda lines: [lines[1], *lines], 1),  # put in
        (lambda lines: [lines[0], "{", *lines[1:]], 2),  # broken
        (lambda lines: [lines[0], '{"prev": "x"}', *lines[1:]], 2),
        (lambda lines: lines[1:], 1),  # beheaded
    ],
)
def test_a_change_breaks_the_chain_where_it_happened(
    archive: Path, change: Callable[[list[str]], list[str]], line: int
) -> None:
    path = archive / "fixity.jsonl"
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    _, broken = fixity.read(archive)
    assert broken[0].line == line


def test_a_second_line_for_a_file_does_not_excuse_a_change(archive: Path) -> None:
    fixity.append(archive, file="a", size=4, sha256="cd", records=2, now=NOW)
    sealed, broken = fixity.read(archive)
    assert broken == []
    assert sealed["a"].bytes == 3


def test_a_line_that_a_crash_cut_is_replaced(archive: Path) -> None:
    path = archive / "fixity.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    append(archive, "d")
    sealed, broken = fixity.read(archive)
    assert (list(sealed), broken) == (["a", "b", "c", "d"], [])


def _many(archive: Path, word: str) -> None:
    for number in range(50):
        append(archive, f"{word}{number}")


def test_processes_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    spawn = get_context("spawn")
    crawls = [spawn.Process(target=_many, args=(tmp_path, word)) for word in "xy"]
    for crawl in crawls:
        crawl.start()
    for crawl in crawls:
        crawl.join()
    sealed, broken = fixity.read(tmp_path)
    assert (len(sealed), broken) == (100, [])
