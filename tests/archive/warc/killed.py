"""A process that forks writers and kills them; one line of input and one of output a round.

Input: archive, first page number, seconds to live. Output: the last number that was acknowledged
(written to a pipe after ``sync``), or -1. Forking a warm process makes a round take milliseconds.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from archive.warc.revisits import RevisitIndex
from archive.warc.writer import WarcWriter
from tests.archive.warc.exchanges import exchange

ROLL_AT = 20_000  # bytes: files are sealed many times in a short life


def write_for_ever(archive: Path, number: int, pipe: int) -> None:
    """Write pages, every third payload a repeated one; acknowledge after each fsync."""
    writer = WarcWriter(
        archive / "warc",
        portal="demo",
        info={},
        roll_at=ROLL_AT,
        revisits=RevisitIndex(archive),
    )
    while True:
        for _ in range(1 + number % 5):
            word = number if number % 3 else number % 7
            writer.write(
                exchange(f"/{number}", os.urandom(900) if word % 2 else b"%d " % word * 900)
            )
            number += 1
        writer.sync()
        os.write(pipe, b"%d\n" % (number - 1))


def one_round(archive: Path, number: int, seconds: float) -> int:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        write_for_ever(archive, number, writing)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().split()
    return int(said[-1]) if said else -1


if __name__ == "__main__":
    for line in sys.stdin:
        folder, first, life = line.split()
        print(one_round(Path(folder), int(first), float(life)), flush=True)
