"""Tables on a real terminal: columns in line whatever it thinks of Devanagari's width."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.cli.table import cut, lines, shown, width

ROWS = [("शिमला", 7, "हिमाचल"), ("क्षेत्रीय समाचार", 1234, "x"), ("abc", None, "मंडी")]


@given(st.text(alphabet="कषतरमािीेंँ्ः abc中\u200d", max_size=30), st.integers(2, 20))
def test_a_cut_fits_and_keeps_letters_with_their_signs(text: str, cells: int) -> None:
    kept = cut(text, cells)
    assert width(kept) <= cells
    if kept not in (text, "…"):
        rest = text[len(kept) - 1 :]
        assert text.startswith(kept[:-1])
        assert not rest or rest[0] not in "ािीेंँ्ः\u200d"


@pytest.mark.parametrize("room", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_room(room: int) -> None:
    rows = [("लंबा शीर्षक " * 20, 5, "https://e.example/" + "x" * 100)] * 3
    assert all(
        width(line) <= room for line in lines(("title", "n", "url"), rows, room, terminal=False)
    )


def test_too_many_columns_become_one_record_a_block() -> None:
    names = [f"column_{n}" for n in range(12)]
    text = "\n".join(lines(names, [tuple("x" * 30 for _ in names)], 80, terminal=False))
    assert "── 1 ─" in text
    assert "column_11  " + "x" * 30 in text


def test_no_escape_of_a_page_reaches_the_terminal() -> None:
    assert "\x1b" not in shown("\x1b]0;owned\x07 शीर्षक\nzweite\u202e")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_columns_are_in_line_on_a_terminal_that_counts_by_wcwidth(tmp_path: Path) -> None:
    script = tmp_path / "show.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from archive.cli.table import lines\n"
        f"for line in lines(('place', 'n', 'end'), {ROWS!r}, 60, terminal=True): print(line)\n"
        "print('done')\n"
    )
    socket = ["tmux", "-u", "-L", f"morestories-{time.time_ns()}"]
    command = f"{sys.executable} {script}; sleep 60"
    subprocess.run([*socket, "new-session", "-d", "-x", "80", "-y", "12", command], check=True)
    try:
        for _ in range(150):
            screen = subprocess.run(
                [*socket, "capture-pane", "-p"], capture_output=True, text=True, check=True
            ).stdout
            if "done" in screen:
                break
            time.sleep(0.2)
    finally:
        subprocess.run([*socket, "kill-server"], check=True)
    heading, *rows = screen.splitlines()[:4]
    column = heading.index("end")
    # tmux gives back one character a cell, and combining marks with theirs.
    for line, (_, _, end) in zip(rows, ROWS, strict=True):
        assert end in line
        before = line[: line.index(end)]
        assert width(before) == column
