"""Page readers in processes: what one page does to its worker touches no other page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archive.extract.workers import Job, Outcome, Readers

LINE = "शिमला में शनिवार देर रात हुई बारिश से सड़क धंस गई और यातायात {} घंटे बंद रहा।"


def page(count: int = 3) -> bytes:
    lines = "".join(f"<p>{LINE.format(n)}</p>" for n in range(count))
    return (
        f"<html><body><h1>सड़क धंसी</h1><div class=entry-content>{lines}</div></body></html>".encode()
    )


def job(key: object, payload: bytes) -> Job:
    return Job(key, payload, "https://e.example/2026/11/story/", "text/html; charset=utf-8")


def text(outcome: Outcome) -> str:
    assert outcome.article is not None, outcome.failed
    return outcome.article.text


def test_every_page_comes_back_once_under_its_key() -> None:
    with Readers(2) as readers:
        outcomes = list(readers.map(job(n, page(n + 1)) for n in range(25)))
    assert sorted(outcome.key for outcome in outcomes) == list(range(25))
    assert all(len(text(outcome).splitlines()) == outcome.key + 1 for outcome in outcomes)
    assert readers.pending == 0


def test_what_is_no_page_gives_no_article_and_no_failure() -> None:
    with Readers(1) as readers:
        readers.submit(Job("pdf", b"%PDF-1.7", "https://e.example/a.pdf", "application/pdf"))
        [outcome] = readers.drain()
    assert outcome == Outcome("pdf", None)


def test_a_slow_page_is_read_as_plain_text_and_the_others_as_ever() -> None:
    slow = page(15_000)
    with Readers(1, seconds=0.6) as readers:
        outcomes = {
            outcome.key: outcome
            for outcome in readers.map([job("slow", slow), job("next", page())])
        }
    assert outcomes["slow"].article is not None
    assert "took more than 0.6 s" in outcomes["slow"].article.rules["text"]
    assert LINE.format(7) in text(outcomes["slow"])
    assert outcomes["next"].article is not None
    assert outcomes["next"].article.rules["text"] == "lines"


def test_a_page_too_slow_for_the_plain_reader_is_given_up_with_both_reasons() -> None:
    with Readers(1, seconds=0.02) as readers:
        outcomes = {outcome.key: outcome for outcome in readers.map([job("slow", page(15_000))])}
    assert outcomes["slow"].article is None
    assert outcomes["slow"].failed.count("took more than") == 2


def test_a_page_that_needs_too_much_memory_is_counted() -> None:
    with Readers(1, memory=24_000_000) as readers:
        [big, small] = readers.map([job("big", page(30_000)), job("small", page())])
    assert big.key == "big"
    assert big.failed or big.article.rules["text"].startswith("resiliparse: ")
    assert LINE.format(1) in text(small)


def test_a_worker_that_is_killed_loses_no_page() -> None:
    with Readers(1) as readers:
        readers.submit(job("victim", page(15_000)))
        os.kill(readers._workers[0].process.pid, signal.SIGKILL)
        readers.submit(job("after", page()))
        outcomes = {outcome.key: outcome for outcome in readers.drain()}
    assert "SIGKILL" in outcomes["victim"].article.rules["text"]
    assert LINE.format(2) in text(outcomes["after"])


def test_a_worker_that_died_while_idle_is_replaced_unseen() -> None:
    with Readers(1) as readers:
        list(readers.map([job(1, page())]))
        process = readers._workers[0].process
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        [outcome] = readers.map([job(2, page())])
    assert outcome.article is not None
    assert outcome.article.rules["text"] == "lines"


def test_it_works_beside_threads_and_leaves_no_process() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with Readers(2) as readers:
            processes = [worker.process.pid for worker in readers._workers]
            assert len(list(readers.map(job(n, page()) for n in range(4)))) == 4
    finally:
        stop.set()
        thread.join()
    for pid in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


SCRIPT = """
import sys, time
from archive.extract.workers import Job, Readers
if __name__ == "__main__":
    with Readers(2) as readers:
        list(readers.map([Job(1, b"<p>one two three four five six seven eight nine.</p>", "http://e/")]))
        print("up", flush=True)
        readers.submit(Job(2, b"<html>" + b"<p>one %d</p>" * 30000, "http://e/"))
        time.sleep(30)
"""


def test_an_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    script = tmp_path / "reads.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: parent and workers alike
        _, complaints = process.communicate(timeout=10)
    assert time.monotonic() - began < 5
    assert complaints.count(b"KeyboardInterrupt") == 1  # the parent's own, none from a worker
