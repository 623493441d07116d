"""What a line's neighbours say of it: the second look at the lines of a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from archive.extract.choice import Choice
from archive.extract.labels import is_call
from archive.extract.survey import HEADINGS

# Prose apart is believed to be the story's from an eighth of it on.
_APART = 8
# What other stories' lines go as: a block's, or a layout's that the portal taught.
_OTHERS = ("related", "portal")


def sift(choices: list[Choice]) -> None:
    """Drop kept lines that stand apart, say something again, call, or head nothing."""
    _trim(choices)
    _drop_repeats(choices)
    _drop_last_calls(choices)
    drop_idle_headings(choices)


def _trim(choices: list[Choice]) -> None:
    """Let what is no prose stand only between lines of the story, and prose apart only before.

    A first paragraph often has a box of its own; prose apart from the rest at the end is of an
    author, a newsletter, a neighbour. Where most prose stands apart, no box is the story's, and
    all of it stays.
    """
    sizes = Counter[str]()
    for choice in choices:
        if choice.kept:
            sizes[choice.why] += choice.line.size
    firm = {"prose", "beside prose"}
    if sizes["prose apart"] * _APART > sizes["prose"]:
        firm.add("prose apart")
    story = [place for place, choice in enumerate(choices) if choice.kept and choice.why in firm]
    last = story[-1] if story else -1
    firm.add("prose apart")
    story = [place for place, choice in enumerate(choices) if choice.kept and choice.why in firm]
    first = story[0] if story else 0
    for place, choice in enumerate(choices):
        if not choice.kept or choice.why in ("prose", "beside prose"):
            continue
        if place > last or (choice.why == "between" and place < first):
            choice.kept, choice.why = False, "outside"


def _drop_repeats(choices: list[Choice]) -> None:
    """Drop what says again what the story says: pull quotes, a second copy for a script."""
    kept = [choice for choice in choices if choice.kept]
    seen: dict[str, None] = {}
    whole = "\n".join(choice.line.text for choice in kept)
    for choice in kept:
        text = choice.line.text
        if len(text) < 40:
            continue
        if text in seen or (
            len(text) > 500
            and choice.why == "prose"
            and sum(said in text for said in islice(seen, 100)) > 1
        ):
            choice.kept, choice.why = False, "repeated"
        elif _is_quote(choice.line.owner) and whole.count(text.strip("“”\"'„»« ")) > 1:
            choice.kept, choice.why = False, "pull quote"
        else:
            seen[text] = None


def _drop_last_calls(choices: list[Choice]) -> None:
    """Drop calls to subscribe or follow at the story's end, where they may run to three lines."""
    for choice in [choice for choice in choices if choice.kept][-4:]:
        if is_call(choice.line.text, longest=420):
            choice.kept, choice.why = False, "call"


def drop_idle_headings(choices: Sequence[Choice]) -> None:
    """Drop a heading that stands over nothing of the story: at its end, or over other stories."""
    following: Choice | None = None
    for choice in reversed(choices):
        idle = following is None or following.why.startswith(_OTHERS)
        if choice.kept and idle and choice.line.owner.tag in HEADINGS and not choice.line.prose:
            choice.kept, choice.why = False, "heads nothing"
            continue
        if choice.kept or choice.why.startswith(_OTHERS):
            following = choice


def _is_quote(element: HtmlElement) -> bool:
    steps = [element, *element.iterancestors()][:2]
    if any("tweet" in step.get("class", "") for step in steps):
        return False
    return any(
        step.tag in ("blockquote", "aside", "figure", "q")
        or "quote" in step.get("class", "").lower()
        for step in steps
    )
