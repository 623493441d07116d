"""Two designs of a portal that names nothing: no class, no id, no heading over its other stories.

In both, other stories stand as paragraphs among the story's own. No single page can tell them
apart: they are sentences, hardly linked, in the same box.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.portal_site import theme
from tests.portal_site.story import Story

NAME = "classless"
APPEAL = "पहाड़ की खबरें इस पोर्टल पर सबसे पहले पहुंचाने वाले संवाददाताओं का यह प्रयास पाठकों के सहयोग से चलता है।"


def paragraphs(story: Story, page: int, related: Sequence[Story], latest: Sequence[Story]) -> str:
    """Return the first design: a related paragraph is a linked headline and how that story begins."""
    cards = "".join(
        f"<p>{theme.link(other.url, other.title)} {escape(_excerpt(other))}</p>"
        for other in related
    )
    return (
        f"<div><a href='/'>{theme.NAME}</a></div><div><h1>{escape(story.title)}</h1>"
        f"<p>{theme.hindi_date(story.published)} | {escape(story.author)}</p>"
        f"{theme.body_of(story, page, ())}<p>{APPEAL}</p>{cards}</div>{_latest(latest)}"
    )


def cells(story: Story, page: int, related: Sequence[Story], latest: Sequence[Story]) -> str:
    """Return the second design: tables, and headline and excerpt as paragraphs without a link."""
    cards = "".join(
        f"<p>{escape(other.title)}</p><p>{escape(_excerpt(other))}</p>" for other in related
    )
    return (
        f"<table><tr><td><a href='/'>{theme.NAME}</a></td></tr></table><table><tr><td>"
        f"<h2>{escape(story.title)}</h2><i>{escape(story.author)}, "
        f"{theme.hindi_date(story.published)}</i>{theme.body_of(story, page, ())}"
        f"<p>पहाड़ से आज</p>{cards}</td><td>{_latest(latest)}</td></tr></table>"
    )


DESIGNS = {"paragraphs": paragraphs, "cells": cells}


def page(head: str, body: str) -> bytes:
    """Return a whole page."""
    return f'<!doctype html>\n<html lang="hi-IN">{head}<body>{body}</body></html>\n'.encode()


def _excerpt(story: Story) -> str:
    """Return the first eighteen words, as WordPress cuts an excerpt, and not at a sentence's end."""
    return " ".join(story.paragraphs[0].split()[:18]) + " […]"


def _latest(stories: Sequence[Story]) -> str:
    return "".join(f"<div>{theme.link(story.url, story.title)}</div>" for story in stories)
