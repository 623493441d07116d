"""Pictures of answers: rows and the ``Plot:`` line of a question → PNG, SVG or HTML."""

from archive.plot.form import Plot

__all__ = ["Plot"]
