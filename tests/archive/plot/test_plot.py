"""Questions become pictures; what cannot be drawn is said in words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import matplotlib.image
import pytest
import typer
from typer.testing import CliRunner, Result

from archive import query as questions
from archive.cli import plot as plot_cli
from archive.cli import query as query_cli
from archive.errors import BadSetting
from archive.plot import fonts
from archive.plot.draw import Caption, draw
from archive.plot.form import FORMS, Plot, parse
from archive.plot.page import save
from archive.plot.series import OTHERS, split
from archive.store import connect

app = typer.Typer()
plot_cli.register(app)
query_cli.register(app)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_eight_questions_at_least_have_a_plot_and_all_forms_are_used() -> None:
    known = [questions.load(name).plot for name in plot_cli.plottable()]
    assert len(known) >= 8
    assert {plot.form for plot in known if plot} == set(FORMS)


@pytest.mark.parametrize("name", plot_cli.plottable())
def test_a_question_is_drawn_or_says_that_there_is_nothing(
    name: str, landed: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    answer = run("plot", name, "--archive", landed, "-o", file)
    if answer.exit_code == 8:
        assert "nothing to draw" in answer.stderr
        assert not file.exists()
        return
    assert answer.exit_code == 0, answer.exception
    picture = matplotlib.image.imread(file)
    assert picture.shape[1] == 1600
    assert 0.001 < (picture[:, :, :3] < 0.7).mean() < 0.75  # neither blank nor black


def test_most_questions_have_something_to_draw(landed: Path, tmp_path: Path) -> None:
    drawn = [
        name
        for name in ("timeline", "articles-per-day", "coverage-calendar", "publishing-hours",
                     "more-stories-network", "crawl-yield", "sections", "authors")
        if run("plot", name, "--archive", landed, "-o", tmp_path / f"{name}.png").exit_code == 0
    ]  # fmt: skip
    assert len(drawn) == 8


def test_an_empty_archive_has_nothing_to_draw(tmp_path: Path) -> None:
    connect(tmp_path, write=True).close()
    (tmp_path / "warc").mkdir()
    answer = run("plot", "timeline", "--archive", tmp_path, "-o", tmp_path / "a.png")
    assert answer.exit_code == 8
    assert not (tmp_path / "a.png").exists()


def test_a_page_has_picture_question_and_rows(landed: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    words = ("timeline", "--term", "बर्फबारी", "--by", "week", "--archive", landed, "-o", file)
    assert run("plot", *words).exit_code == 0
    page = file.read_text(encoding="utf-8")
    assert (
        '<h1 id="q">How often was a word or phrase in the news, over time? – बर्फबारी</h1>' in page
    )
    assert "morestories plot timeline --term" in page
    assert page.count("<svg") == 1
    assert "<td>khabar</td>" in page
    assert not re.search(r"(src|href)=\"https?:", page)  # nothing is fetched


def test_the_same_rows_give_the_same_svg(landed: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        assert run("plot", "sections", "--archive", landed, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_question_without_a_plot_names_those_that_have_one(landed: Path) -> None:
    error = run("plot", "story", "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert "story has no plot; these have: articles-per-day, authors, " in str(error)


def test_a_wrong_ending_is_said_before_anything_is_asked(landed: Path, tmp_path: Path) -> None:
    error = run("plot", "timeline", "--archive", landed, "-o", tmp_path / "a.gif").exception
    assert isinstance(error, BadSetting)
    assert "end the name in .png, .svg or .html" in str(error)


def test_a_picture_that_cannot_be_written_is_named(landed: Path, tmp_path: Path) -> None:
    file = tmp_path / "none/a.png"
    error = run("plot", "articles-per-day", "-o", file, "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert str(error).startswith(f"{file} cannot be written: ")


def test_without_a_font_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.families.cache_clear()
    monkeypatch.setattr(fonts, "_FAMILIES", ("No Such Font",))
    with pytest.raises(BadSetting, match="pip install fontpkg-mukta"):
        fonts.families()
    fonts.families.cache_clear()


def test_without_matplotlib_it_says_what_to_install(
    landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot_cli, "_NEEDS", ("no_such_package",))
    error = run("plot", "timeline", "--archive", landed).exception
    assert isinstance(error, BadSetting)
    assert "pip install 'morestories[plot]'" in str(error)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pie x=day", "no plot 'pie'"),
        ("timeline x=day", "wants y=COLUMN"),
        ("timeline x=day y=stories size=stories", "has no part 'size'"),
        ("timeline x=day y=nosuch", "'nosuch', which is no column"),
    ],
)
def test_a_plot_line_that_is_not_as_it_should_be_is_refused(line: str, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        parse("mine", line, ("day", "stories"))


def test_small_series_are_summed_as_others() -> None:
    names = [f"portal-{n}" for n in range(20)]
    series = split([1] * 20, list(range(20)), names)
    assert len(series) == 7
    assert series["portal-19"] == {1: 19.0}
    assert sum(points[1] for points in series.values()) == sum(range(20))
    assert OTHERS in series


def test_many_years_many_portals_and_odd_headlines_are_drawn(tmp_path: Path) -> None:
    days = [date(2010, 1, 1) + timedelta(days=n) for n in range(0, 5_000, 3)]
    caption = Caption("क्या $x_1$ \u0627\u0631\u062f\u0648 😀?", "", "morestories plot x")
    rows = [(day, f"पोर्टल {n % 40}", n % 7) for n, day in enumerate(days)] + [(None, "x", 1)]
    for plot in (
        Plot("calendar", {"x": "day", "value": "n"}),
        Plot("heatmap", {"x": "day", "y": "name", "value": "n"}),
        Plot("timeline", {"x": "day", "y": "n", "colour": "name"}),
        Plot("bars", {"label": "name", "value": "n"}),
        Plot("network", {"source": "name", "target": "name"}),
    ):
        figure = draw(plot, ("day", "name", "n"), rows, caption)
        save(figure, tmp_path / "a.png", caption, ("day", "name", "n"), rows)
        assert (tmp_path / "a.png").stat().st_size > 5_000
