"""How true replay is: story pages loaded in a real browser, and what was missing or left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from archive.replay.asked import ascii_url
from archive.replay.browser import Browser, browsing
from archive.replay.links import replay_path
from archive.replay.tables import Told

FAR = (
    32  # of 255: a difference of one channel that an eye sees, and smoothing of edges does not make
)


@dataclass(frozen=True, slots=True)
class Checked:
    """One page. ``difference`` is the share of pixels that differ from the live page, if compared.

    ``asked`` and ``missing`` count requisites; ``picture`` is the screenshot's file name.
    """

    url: str
    status: int
    asked: int
    missing: tuple[str, ...]
    leaked: tuple[str, ...]
    errors: tuple[str, ...]
    picture: str
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all pages. ``found`` is the share of requisites that the archive has."""

    pages: int
    failed: int
    asked: int
    missing: int
    leaked: int
    errors: int
    difference: float | None

    @property
    def found(self) -> float:
        return 1 - self.missing / self.asked if self.asked else 1.0


def check(
    stories: list[Told], replay: str, browser: Path, folder: Path, *, live: bool = False
) -> Iterator[Checked]:
    """Load each story from ``replay`` (host:port), everything else cut off; keep screenshots.

    With ``live`` each is also loaded from where it was captured, scripts and all, and the two
    pictures are compared.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with browsing(browser, replay) as cut_off:
        for number, story in enumerate(stories, 1):
            checked = _one(cut_off, f"http://{replay}", story, folder / f"{number:03}-replay.png")
            if live:
                picture = folder / f"{number:03}-live.png"
                checked = _compared(checked, folder, picture, cut_off.look(story.url, picture))
            yield checked


def _one(browser: Browser, replay: str, story: Told, picture: Path) -> Checked:
    path = replay_path(ascii_url(story.url), f"{story.seen:%Y%m%d%H%M%S}", "mp_")
    visit = browser.visit(replay + path, picture=picture)
    return Checked(
        story.url,
        visit.status,
        visit.asked,
        tuple(visit.missing),
        tuple(visit.leaked),
        tuple(visit.errors),
        picture.name,
    )


def _compared(checked: Checked, folder: Path, live: Path, fault: str) -> Checked:
    replayed = folder / checked.picture
    if fault or not replayed.is_file():
        return replace(checked, errors=(*checked.errors, *([fault] if fault else [])))
    return replace(checked, difference=different(replayed, live))


def different(one: Path, other: Path) -> float:
    """Return the share of pixels that differ; what only the taller picture has differs."""
    first, second = (np.asarray(Image.open(path).convert("RGB"), np.int16) for path in (one, other))
    height = min(len(first), len(second))
    far = (np.abs(first[:height] - second[:height]).max(axis=2) > FAR).sum()
    more = abs(len(first) - len(second)) * first.shape[1]
    return float((far + more) / (max(len(first), len(second)) * first.shape[1]))


def totals(pages: list[Checked]) -> Totals:
    """Sum up."""
    compared = [page.difference for page in pages if page.difference is not None]
    return Totals(
        pages=len(pages),
        failed=sum(page.status != 200 for page in pages),
        asked=sum(page.asked for page in pages),
        missing=sum(len(page.missing) for page in pages),
        leaked=sum(len(page.leaked) for page in pages),
        errors=sum(len(page.errors) for page in pages),
        difference=sum(compared) / len(compared) if compared else None,
    )
