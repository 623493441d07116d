"""The deck: the sentence or two between the headline and the story."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from archive.extract.choice import Choice
from archive.extract.labels import folded
from archive.extract.legends import is_byline, is_caption
from archive.extract.survey import HEADINGS, Line

_DECK = re.compile(
    r"(?:^|[\s_-])(?:deck|dek|standfirst|stand-first|sub-?(?:title|head(?:line|ing)?)|summary|excerpt|lead|lede|intro|teaser|description|desc|synopsis|abstract|vorspann|chapo|entradilla|bajada|sapo|strapline|blurb|kurztext|perex|ingress|manchet)(?:$|[\s_-])|standfirst|subheadline|subtitle|articlesummary|article__(?:lead|intro|summary|description)|leadtext",
    re.I,
)
_TITLE = re.compile(r"(?<!sub)(?<!sub[-_])(?:title|headline)(?![-_]?(?:sub|desc))", re.I)
# Lines that were not looked at as the story's, or stood apart from it.
_OPEN = frozenset(["elsewhere", "outside", "too short"])
_FAR = 12  # lines before the story in which a deck is looked for where no headline is known


def add_deck(
    choices: list[Choice], description: str, headline: HtmlElement | None, title: str
) -> None:
    """Keep the deck. ``title`` is folded, in lower case; ``description`` as the page has it.

    Its witnesses: it says what the page's description says, it is named like a deck, or it
    follows the headline at once.
    """
    first = next((place for place, choice in enumerate(choices) if choice.kept), 0)
    start = _headline_before(choices, first, headline, title)
    gist = folded(description).casefold()
    said = [folded(choice.line.text).casefold() for choice in choices[first : first + 3]]
    for place in range(max(0, first - _FAR) if start is None else start + 1, first):
        choice = choices[place]
        plain = folded(choice.line.text).casefold()
        if choice.why not in _OPEN or not _may_be_deck(choice.line, plain, said):
            continue
        alike = len(gist) > 40 and (plain[:60] == gist[:60] or plain in gist)
        if alike or (start is not None and _looks_like_deck(choice.line, plain, place - start)):
            choice.kept, choice.why = True, "deck"
            said.append(plain)


def _headline_before(
    choices: list[Choice], first: int, headline: HtmlElement | None, title: str
) -> int | None:
    for place in range(first - 1, -1, -1):
        line = choices[place].line
        if line.owner is headline or (title and folded(line.text).casefold() == title):
            return place
    return None


def _may_be_deck(line: Line, plain: str, said: list[str]) -> bool:
    if len(plain) < 30 or line.density > 0.3 or any(plain in other for other in said):
        return False
    if line.owner.tag in HEADINGS and _TITLE.search(line.owner.get("class", "")):
        return False
    return not is_byline(line) and not is_caption(line.owner)


def _looks_like_deck(line: Line, plain: str, distance: int) -> bool:
    steps = [line.owner, *line.owner.iterancestors()][:2]
    if any(_DECK.search(step.get("class", "")) for step in steps):
        return True
    return distance <= 2 and line.owner.tag in ("h2", "p", "h3") and len(plain) >= 60
