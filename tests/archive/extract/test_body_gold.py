"""The reader on the shared gold pages, where they lie beside the checkout: floors, not targets.

A floor is what the reader reached on that sample, less a little; lower one only on purpose.
"""

from __future__ import annotations

import pytest

from benchmarks.extraction import DATA, measure, ours, pages

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no gold pages at ../shared/data")


@pytest.mark.parametrize(
    ("name", "step", "floor"),
    [
        ("hindi_themes", 1, 0.99),
        ("scrapinghub", 4, 0.965),
        ("fundus", 4, 0.955),
        ("transplant_hi", 4, 0.93),
    ],
)
def test_bodies_hold_their_floor(name: str, step: int, floor: float) -> None:
    score = measure(ours, pages(name, step=step))
    assert score.f1 >= floor, score.worst[:3]


def test_hindi_pages_are_clean_and_complete() -> None:
    score = measure(ours, pages("hindi_themes"))
    assert sum(score.clean) / len(score.clean) >= 0.98
