"""Compose Hindi news stories from a seed: the same seed always gives the same stories."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from tests.portal_site import words
from tests.portal_site.story import Story

INDIA = timezone(timedelta(hours=5, minutes=30))
# The newest story of an untouched portal: fixed, so that every run sees the same dates.
EPOCH = datetime(2026, 11, 20, 18, 0, tzinfo=INDIA)

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_MONTHS = ("जनवरी", "फरवरी", "मार्च", "अप्रैल", "मई", "जून")


def compose(count: int, *, seed: str, home: str) -> list[Story]:
    """Return ``count`` stories, oldest first, the last at ``EPOCH``; ids count from 1.

    ``home`` ends with a slash. No two stories share a title or a path.
    """
    stories: list[Story] = []
    titles: set[str] = set()
    for number, published in enumerate(_times(count, seed), 1):
        stories.append(compose_one(number, published, seed=seed, home=home, titles=titles))
    return stories


def compose_one(
    number: int, published: datetime, *, seed: str, home: str, titles: set[str]
) -> Story:
    """Return story ``number``; its title is new to ``titles`` and added there."""
    dice = random.Random(f"{seed}/{number}")
    topic = words.TOPICS[dice.randrange(len(words.TOPICS))]
    while True:
        facts = _facts(dice)
        title = _say(dice, dice.choice(topic.titles), facts)
        if title not in titles:
            break
    titles.add(title)
    section = _section(dice, topic, facts["district"])
    author, author_slug = dice.choice(words.BYLINES)
    path = _path(number, title, f"{facts['roman']}-{topic.slug}-{number}", published)
    brief = number % 9 == 4
    return Story(
        id=number,
        path=path,
        url=home.rstrip("/") + path,
        title=title,
        paragraphs=_paragraphs(dice, topic, facts, brief=brief),
        author=author,
        author_slug=author_slug,
        section=section,
        section_slug=dict(words.SECTIONS)[section],
        tags=(*topic.tags, facts["place"]),
        published=published,
        modified=published + timedelta(minutes=dice.choice((0, 0, 0, 25, 190))),
        dateline=facts["place"],
        amp=number % 10 == 7,
        pages=2 if number % 40 == 21 and not brief else 1,
    )


def _times(count: int, seed: str) -> Iterator[datetime]:
    """Yield publishing times, oldest first: about three stories a day, not at round hours."""
    dice = random.Random(f"{seed}/times")
    gaps = [
        timedelta(minutes=dice.randrange(60, 900), seconds=dice.randrange(60)) for _ in range(count)
    ]
    at = EPOCH - sum(gaps[1:], timedelta())
    for gap in gaps[1:]:
        yield at
        at += gap
    yield at


def _facts(dice: random.Random) -> dict[str, str]:
    place, roman, district = dice.choice(words.PLACES)
    party, party2 = dice.sample(words.PARTIES, 2)
    team, team2 = dice.sample(words.TEAMS, 2)
    amount = dice.randrange(11, 190)
    people = [f"{first} {dice.choice(words.LAST)}" for first in dice.sample(words.FIRST, 4)]
    return {
        "place": place,
        "roman": roman,
        "district": district,
        "village": dice.choice(words.VILLAGES),
        "officer": people[0],
        "man": people[1],
        "woman": people[2],
        "man2": people[3],
        "party": party,
        "party2": party2,
        "team": team,
        "team2": team2,
        "sport": dice.choice(words.SPORTS),
        "day": dice.choice(words.DAYS),
        "month": dice.choice(_MONTHS),
        "crop": dice.choice(words.CROPS),
        "subject": dice.choice(words.SUBJECTS),
        "fair": dice.choice(words.FAIRS),
        "money": f"{dice.randrange(1, 90)}.{dice.randrange(1, 100):02}",
        "age": str(dice.randrange(19, 61)),
        "n": str(amount),
        "more": str(amount + dice.randrange(5, 60)),
        "n2": str(dice.randrange(12, 60)),
        "n3": str(dice.randrange(3, 12)),
        "n4": str(dice.randrange(2, 8)),
        "n5": str(dice.randrange(31, 98)),
    }


def _paragraphs(
    dice: random.Random, topic: words.Topic, facts: dict[str, str], *, brief: bool
) -> tuple[str, ...]:
    lead = f"{facts['place']}। {_say(dice, dice.choice(topic.leads), facts)}"
    if brief:
        return (f"{lead} {_say(dice, dice.choice(topic.sentences), facts)}",)
    own = dice.sample(topic.sentences, dice.randrange(5, 9))
    general = dice.sample(words.GENERAL, dice.randrange(2, 5))
    rest = [_say(dice, sentence, facts) for sentence in (*own, *general)]
    tail = rest[2:]
    dice.shuffle(tail)
    paragraphs = [f"{lead} {rest[0]}"]
    pending = [rest[1], *tail]
    while pending:
        size = dice.choice((1, 2, 2, 3))
        paragraphs.append(" ".join(pending[:size]))
        del pending[:size]
    return (*paragraphs, _say(dice, dice.choice(words.CLOSINGS), facts))


def _say(dice: random.Random, template: str, facts: dict[str, str]) -> str:
    chosen = _CHOICE.sub(lambda match: dice.choice(match[1].split("|")), template)
    return chosen.format_map(facts)


def _section(dice: random.Random, topic: words.Topic, district: str) -> str:
    """Return the topic's own section, or for half of the general news the district's."""
    names = dict(words.SECTIONS)
    if topic.section == "हिमाचल" and district in names and dice.random() < 0.7:
        return district
    return topic.section


def _path(number: int, title: str, latin: str, published: datetime) -> str:
    """Return a WordPress permalink; every fourth keeps its Devanagari, in lower-case escapes."""
    slug = latin
    if number % 4 == 2:
        bare = re.sub(r"[^\w\u0900-\u097f]+", "-", title).strip("-")[:60].rstrip("-")
        slug = quote(f"{bare}-{number}").lower()
    return f"/{published:%Y/%m}/{slug}/"
