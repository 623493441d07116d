"""Processes for the tests of crashes and of readers beside a writer: run with ``python -m``."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import archive.ingest
from archive.capture import Capture
from archive.extract.read import explain_page
from archive.extract.workers import Outcome
from archive.ingest import Event, Ingest
from archive.landed import rows_of_page
from archive.layout import Layout
from archive.pages import Page, Pages
from archive.reading import portal_of
from archive.rows import Row
from archive.store.reader import open as open_archive


class PagesHere(Pages):
    """Reads pages with the real reader, in this process: a crash test starts dozens of them."""

    def submit(
        self, captured: Row, capture: Capture, payload: bytes, layouts: tuple[Layout, ...] = ()
    ) -> Page:
        portal = replace(portal_of(capture), layouts=layouts)
        reading = explain_page(payload, url=capture.url, captured=capture.date, portal=portal)
        if reading is None:
            return Page(rows_of_page(captured, Outcome(None, None)))
        outcome = Outcome(None, reading.article, observation=reading.observation)
        return Page(rows_of_page(captured, outcome))


def killed_again_and_again(folder: Path, times: int, seed: int) -> None:
    """Run ``ingest`` ``times`` times, each killed with SIGKILL at a random moment; print how many.

    The moment is up to 0.2 s after the run's start or, in two runs of three, so that all get on,
    after it has landed its first batch.
    """
    archive.ingest.Pages = PagesHere  # type: ignore[misc]
    archive.ingest.BATCH = 5
    archive.ingest.SEARCHABLE = 0.1
    chance = random.Random(seed)
    killed = 0
    for _ in range(times):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _run_and_tell(folder, writing)
            os._exit(0)
        os.close(writing)
        if chance.random() < 2 / 3:
            os.read(reading, 1)  # the first batch has landed, or there was nothing left
        time.sleep(chance.uniform(0, 0.2))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(reading)
        killed += os.WIFSIGNALED(status)
    print(json.dumps({"killed": killed}))


def _run_and_tell(folder: Path, pipe: int) -> None:
    def on_event(event: Event) -> None:
        os.write(pipe, b".")

    Ingest(folder, workers=1, on_event=on_event).run()


# In one statement, so that one snapshot answers: what a half-landed batch would break.
WHOLE = """
    SELECT
        (SELECT count(*) FROM captures) AS captures,
        (SELECT count(*) FROM readings WHERE capture NOT IN (SELECT capture FROM captures)),
        (SELECT count(*) FROM links WHERE capture NOT IN (SELECT capture FROM captures)),
        (SELECT count(DISTINCT article) FROM readings WHERE page_type = 'story')
            - (SELECT count(*) FROM articles),
        (SELECT count(*) FROM warcs w WHERE next_offset <
            (SELECT max(warc_offset + warc_length) FROM captures c WHERE c.warc = w.warc))
"""


def reads(folder: Path, stop: Path) -> None:
    """Say "ready", ask again and again until ``stop`` is there; print what was seen."""
    counts, torn = [], []
    with open_archive(folder) as connection:
        while not counts or not stop.exists():
            captures, *rest = connection.execute(WHOLE).fetchall()[0]
            if not counts:
                print("ready", flush=True)
            counts.append(captures)
            if any(rest):
                torn.append(rest)
            time.sleep(0.05)
        counts.append(connection.execute(WHOLE).fetchall()[0][0])
    print(json.dumps({"counts": counts, "torn": torn}))


def holds(folder: Path, stop: Path) -> None:
    """Say "ready" and keep one transaction open until ``stop`` is there; print both its ends."""
    with open_archive(folder) as connection:
        connection.execute("BEGIN")
        first = connection.execute("SELECT count(*) FROM captures").fetchall()
        print("ready", flush=True)
        while not stop.exists():
            time.sleep(0.1)
        last = connection.execute("SELECT count(*) FROM captures").fetchall()
        connection.execute("COMMIT")
    print(json.dumps({"first": first, "last": last}))


def lands(folder: Path) -> None:
    """Land everything in small batches; print the seconds between one landing and the next."""
    archive.ingest.Pages = PagesHere  # type: ignore[misc]
    archive.ingest.BATCH = 5
    moments = []

    def on_event(event: Event) -> None:
        moments.append(time.monotonic())

    Ingest(folder, on_event=on_event).run()
    print(json.dumps([b - a for a, b in pairwise(moments)]))


if __name__ == "__main__":
    what, where, *numbers = sys.argv[1:]
    if what == "killed":
        killed_again_and_again(Path(where), int(numbers[0]), int(numbers[1]))
    elif what == "lands":
        lands(Path(where))
    else:
        {"reads": reads, "holds": holds}[what](Path(where), Path(numbers[0]))
