"""``morestories plot``: a question → a picture."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from archive import answers
from archive import query as questions
from archive.cli.common import DEFAULT_ARCHIVE, ArchiveOption, Exit, err, out
from archive.cli.query import AsOfOption, opened, parameters
from archive.errors import BadSetting

_NEEDS = ("matplotlib", "networkx")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(plot)


def plot(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The question's name; see `morestories queries`.")],
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="FILE.png, .svg or .html; QUERY.png if not given."),
    ] = None,
    as_of: AsOfOption = None,
) -> None:
    """Draw the answer to a question, with its own parameters: plot timeline --term शिमला --by week.

    Over time, as a calendar, as bars or as a network: what suits the question. SVG and HTML hold
    letters as outlines and need no font where they are shown; HTML has the rows below the picture.
    """
    known = questions.load(name)
    shape = known.plot
    if shape is None:
        raise BadSetting(f"{known.name} has no plot; these have: {', '.join(plottable())}")
    _check_installed()
    from archive.plot.draw import Caption, draw
    from archive.plot.page import check, save

    file = output or Path(f"{known.name}.png")
    check(file)
    values = parameters(known, context.args)
    with opened(archive, as_of) as connection:
        result = questions.ask(connection, known, values)
        names, rows = answers.columns(result), result.fetchall()
    if not rows:
        err.print("no rows: nothing to draw")
        raise typer.Exit(Exit.NOTHING)
    caption = Caption(titled(known, values), known.grain, _again(known, context.args, as_of))
    save(draw(shape, names, rows, caption), file, caption, names, rows)
    out.print(str(file), markup=False, soft_wrap=True)


def plottable() -> list[str]:
    """Return the names of the questions that have a plot."""
    return [name for name in questions.names() if questions.load(name).plot is not None]


def titled(known: questions.Query, values: dict[str, str]) -> str:
    """Return the question, with what was asked for: the term that a timeline is of."""
    asked = [values[name] for name in ("term", "author", "portal") if values.get(name)]
    return known.question + (f" – {', '.join(asked)}" if asked else "")


def _again(known: questions.Query, arguments: list[str], as_of: str | None) -> str:
    words = ["morestories", "plot", known.name, *arguments]
    return " ".join(map(shlex.quote, words + (["--as-of", as_of] if as_of else [])))


def _check_installed() -> None:
    if missing := [package for package in _NEEDS if find_spec(package) is None]:
        raise BadSetting(f"plots need {missing[0]}: pip install 'morestories[plot]'")
