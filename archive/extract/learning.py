"""Many observations → the layouts of a portal. What repeats over stories is furniture.

Order does not matter: the same observations give the same layouts, whether pages were read one
crawl at a time or all at once in a rebuild.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

from archive.extract.witness import CARD, judge
from archive.layout import Layout, Mark, Observation, Rule, Seen

LEARNER = f"morestories/{version('morestories')}"
# Fewer stories than this teach nothing: two may share a paragraph by chance, or be one story.
ENOUGH = 4
_MOST = 0.5  # of a layout's stories print a line: it is the template's
_MANY = 0.3  # of them print a short line, or other stories' headlines
_LONG = 40  # characters; a shorter line ("क्या है मामला?") may head parts of many stories
# A line's own time, from first to last story that shows it, counts from this many stories on:
# consecutive stories of one affair repeat a paragraph of background.
_ERA = 30
_OWN = 0.1  # of a layout's own text: a place that holds as much is the story's
_NEARLY_ALL = 0.8  # of a layout's stories had their body in one place: the others have it there
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Witness:
    """A page that testifies: ``capture`` and ``story`` are ids, ``captured`` when.

    ``titles`` and ``openings`` are those of its lines that are other stories' (digests).
    """

    observation: Observation
    capture: int
    story: int
    captured: datetime
    titles: frozenset[int] = frozenset()
    openings: frozenset[int] = frozenset()


def confront(witnesses: Iterable[Witness]) -> list[Witness]:
    """Return the witnesses, each with what it prints of the others."""
    known = list(witnesses)
    titles: dict[int, set[int]] = defaultdict(set)
    openings: dict[int, set[int]] = defaultdict(set)
    for one in known:
        titles[one.observation.title].add(one.story)
        for key in one.observation.openings:
            openings[key].add(one.story)
    titles.pop(0, None)
    return [
        replace(
            one,
            titles=frozenset(_others(_printed(one.observation), titles, one)),
            openings=frozenset(
                _others({line.opening for line in one.observation.lines}, openings, one)
            ),
        )
        for one in known
    ]


def _printed(observation: Observation) -> set[int]:
    lines = observation.lines
    return {line.said for line in lines} | {line.lead for line in lines}


def _others(keys: set[int], owners: dict[int, set[int]], one: Witness) -> Iterator[int]:
    own = {one.observation.title, *one.observation.openings}
    return (key for key in keys - own if owners.get(key, set()) - {one.story})


def learn(witnesses: Iterable[Witness]) -> tuple[Layout, ...]:
    """Return the layouts that confronted ``witnesses`` of one portal teach, by first capture."""
    by_skeleton: dict[str, list[Witness]] = defaultdict(list)
    for one in witnesses:
        if not one.observation.lines:
            continue
        by_skeleton[one.observation.skeleton].append(one)
    learned = [_layout(skeleton, pages) for skeleton, pages in by_skeleton.items()]
    found = [layout for layout in learned if layout is not None]
    return tuple(sorted(found, key=lambda layout: (layout.first, layout.skeleton)))


def narrowed(layouts: Iterable[Layout], one: Witness) -> tuple[Layout, ...]:
    """Return the layout of the witness's page with the words that are evidence there, if any."""
    return tuple(
        replace(layout, titles=one.titles, openings=one.openings)
        for layout in layouts
        if layout.skeleton == one.observation.skeleton
    )


def _layout(skeleton: str, pages: list[Witness]) -> Layout | None:
    pages = sorted(pages, key=lambda one: (one.captured, one.capture))
    stories = {one.story for one in pages}
    if len(stories) < ENOUGH:
        return None
    marks = list(_repeated(pages, len(stories)))
    layout = Layout(
        skeleton,
        len(stories),
        pages[0].captured,
        pages[-1].captured,
        tuple(one.capture for one in pages[:_EXAMPLES]),
        _root(pages, len(stories)),
        _own_places(pages),
        tuple(marks),
    )
    layout = _with_cards(layout, pages)
    return replace(layout, marks=(*layout.marks, *_places(layout, pages)))


def _root(pages: list[Witness], stories: int) -> int:
    held: dict[int, set[int]] = defaultdict(set)
    for one in pages:
        held[one.observation.root].add(one.story)
    root, showing = min(held.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return root if len(showing) >= _NEARLY_ALL * stories else 0


def _own_places(pages: list[Witness]) -> tuple[int, ...]:
    held: dict[int, set[int]] = defaultdict(set)
    for one in pages:
        for line in one.observation.lines:
            held[line.place].add(one.story)
    return tuple(sorted(place for place, stories in held.items() if len(stories) >= ENOUGH))


def _repeated(pages: list[Witness], stories: int) -> Iterator[Mark]:
    """Yield marks for lines that many stories print letter by letter."""
    shown: dict[int, list[Witness]] = defaultdict(list)
    sizes: dict[int, int] = {}
    for one in pages:
        for line in {line.said: line for line in one.observation.lines}.values():
            shown[line.said].append(one)
            sizes[line.said] = line.size
    for key, showing in sorted(shown.items()):
        count = len({one.story for one in showing})
        # Stories with one headline are copies of each other.
        if count < ENOUGH or len({one.observation.title for one in showing}) < ENOUGH:
            continue
        share = count / _alive(pages, showing, stories)
        if share >= _MOST and sizes[key] >= _LONG:
            yield _mark(Rule.REPEATED, key, showing)
        elif share >= _MANY and sizes[key] < _LONG:
            yield _mark(Rule.LABEL, key, showing)


def _alive(pages: list[Witness], showing: list[Witness], stories: int) -> int:
    """Return how many stories could have shown a line: those of its time, if that was long."""
    first, last = showing[0].captured, showing[-1].captured
    era = {one.story for one in pages if first <= one.captured <= last}
    return len(era) if len(era) >= _ERA else stories


def _mark(rule: Rule, key: int, showing: list[Witness]) -> Mark:
    return Mark(
        rule,
        key,
        len({one.story for one in showing}),
        showing[0].captured,
        showing[-1].captured,
        showing[0].capture,
    )


def _with_cards(layout: Layout, pages: list[Witness]) -> Layout:
    """Return the layout with what it shows of other stories: on how many pages, and where."""
    cards = [found for one in pages if (found := _cards(one))]
    stories = {one.story for one in pages if _cards(one)}
    if len(stories) < ENOUGH or len(stories) < _MANY * layout.stories:
        return layout
    counts = sorted(count for count, _ in cards)
    tail, times = min(
        Counter(tail for _, tail in cards).items(), key=lambda pair: (-pair[1], pair[0])
    )
    return replace(
        layout,
        teasing=len(stories),
        tail=tail if times >= _MANY * len(cards) else 0,
        most=counts[len(counts) * 9 // 10],
    )


def _cards(one: Witness) -> tuple[int, int] | None:
    """Return how many headlines of others a page shows, and how many lines run from there on."""
    lines = one.observation.lines
    cards = [n for n, line in enumerate(lines) if {line.said, line.lead} & one.titles]
    return (len(cards), len(lines) - cards[0]) if cards else None


def _places(layout: Layout, pages: list[Witness]) -> Iterator[Mark]:
    """Yield marks for the places where other stories' lines stand, and hardly any of the story."""
    foreign: dict[int, list[Witness]] = defaultdict(list)
    held: Counter[int] = Counter()
    lines: Counter[int] = Counter()
    strange: Counter[int] = Counter()
    for one in pages:
        seen = one.observation.lines
        whys = judge(replace(layout, titles=one.titles, openings=one.openings, tail=0), seen)
        for line, why in zip(seen, whys, strict=True):
            lines[line.place] += 1
            if why or _is_card(line, one):
                strange[line.place] += 1
                foreign[line.place].append(one)
            else:
                held[line.place] += line.size
    whole = held.total()
    for place, showing in sorted(foreign.items()):
        mostly = strange[place] >= _MOST * lines[place]
        if mostly and held[place] < _OWN * whole and len({one.story for one in showing}) >= ENOUGH:
            yield _mark(Rule.PLACE, place, showing)


def _is_card(line: Seen, one: Witness) -> bool:
    return line.opening in one.openings and line.size <= CARD
