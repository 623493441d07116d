"""Processes for the tests of crashes and of readers beside a writer: run with ``python -m``."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import archive.ingest
from archive.capture import Capture
from archive.extract.read import explain_page
from archive.extract.workers import Outcome
from archive.ingest import Event, Ingest
from archive.landed import Rows, rows_of_page
from archive.landing import Batch, Landing
from archive.layout import Layout
from archive.pages import Page, Pages
from archive.reading import portal_of
from archive.rows import Row
from archive.store.histories import Change
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


PATIENCE = 120.0  # seconds that two more batches may take on a loaded machine

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
            time.sleep(0.1)
        counts.append(connection.execute(WHOLE).fetchall()[0][0])
    print(json.dumps({"counts": counts, "torn": torn}))


def opens(folder: Path, stop: Path) -> None:
    """Do as :func:`reads`, with a connection of its own for each question; print the waits, too."""
    counts, torn, waits = [], [], []
    print("ready", flush=True)
    while not counts or not stop.exists():
        began = time.monotonic()
        with open_archive(folder) as connection:
            waits.append(time.monotonic() - began)
            captures, *rest = connection.execute(WHOLE).fetchall()[0]
        counts.append(captures)
        if any(rest):
            torn.append(rest)
        time.sleep(0.2)
    print(json.dumps({"counts": counts, "torn": torn, "waits": waits}))


def holds(folder: Path, seconds: float) -> None:
    """Keep one transaction open for so long once rows are there, saying "ready" as it begins.

    It is kept open until two more batches have landed, which takes longer on a loaded machine.
    Print when it began and ended, the counts that it saw in it, and the one right after it.
    """
    count = "SELECT count(*) FROM captures"
    with open_archive(folder) as connection:
        while connection.execute(count).fetchall() == [(0,)]:
            time.sleep(0.1)
        connection.execute("BEGIN")
        began, seen, landed = time.monotonic(), set(), set()
        print("ready", flush=True)
        outside = connection.cursor()
        while (held := time.monotonic() - began) < seconds or len(landed) < 3:
            assert held < seconds + PATIENCE
            seen |= set(connection.execute(count).fetchall())
            landed |= set(outside.execute(count).fetchall())
            time.sleep(0.5)
        connection.execute("COMMIT")
        ended = time.monotonic()
        after = connection.execute(count).fetchall()
    print(json.dumps({"began": began, "ended": ended, "seen": sorted(seen), "after": after}))


def lands(folder: Path, stop: Path, tables: Path) -> None:
    """Land what grows in ``folder`` until ``stop`` is there; print when each batch began and ended.

    After each it would merge files, if nobody read.
    """
    _merge_always()
    moments = []

    class Timed(Landing):
        def land(self, batch: Batch) -> tuple[Rows, Change]:
            began = time.monotonic()
            landed = super().land(batch)
            moments.append((began, time.monotonic()))
            return landed

    archive.ingest.Landing = Timed  # type: ignore[misc]
    ended = threading.Event()

    def look() -> None:
        while not stop.exists():
            time.sleep(0.1)
        ended.set()

    threading.Thread(target=look).start()
    Ingest(folder, workers=1, tables=tables).follow(ended)
    print(json.dumps(moments))


def merges(folder: Path) -> None:
    """Land all in small batches, and merge after each if nobody reads; print how many captures."""
    archive.ingest.Pages = PagesHere  # type: ignore[misc]
    archive.ingest.BATCH = 5
    _merge_always()
    print(json.dumps(Ingest(folder).run().total))


def _merge_always() -> None:
    archive.ingest.MERGED, archive.ingest.SELDOM, archive.ingest.MANY = 0.0, 0, 4


if __name__ == "__main__":
    what, where, *words = sys.argv[1:]
    if what == "killed":
        killed_again_and_again(Path(where), int(words[0]), int(words[1]))
    elif what == "lands":
        lands(Path(where), Path(words[0]), Path(words[1]))
    elif what == "holds":
        holds(Path(where), float(words[0]))
    elif what == "merges":
        merges(Path(where))
    else:
        {"reads": reads, "opens": opens}[what](Path(where), Path(words[0]))
