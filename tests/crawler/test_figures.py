"""The figures that a crawl must hold, at a third of the size that benchmarks/crawl.py takes."""

from __future__ import annotations

import pytest

from tests.crawler.figures import ADDED, DELETED, EDITED, MOVED, Figures, measure

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> Figures:
    return measure(tmp_path_factory.mktemp("archive"), 300)


def test_every_story_is_found_with_few_requests(figures):
    assert figures.recall == 1.0
    assert figures.each <= 1.4
    assert figures.traps <= 0.02 * figures.requests


def test_an_unchanged_site_sends_a_tenth_of_the_bytes_at_most(figures):
    assert 0 < figures.again_bytes <= 0.1 * figures.body_bytes
    assert figures.again_requests < 0.1 * figures.requests


def test_every_change_is_noticed_in_the_next_due_crawl(figures):
    wanted = {"edited": EDITED, "deleted": DELETED, "added": ADDED, "moved": MOVED}
    assert figures.noticed == wanted
    assert sum(wanted.values()) == 42
