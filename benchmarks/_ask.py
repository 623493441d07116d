"""Ask one shipped question in a process of its own: ``python -m benchmarks._ask FOLDER NAME``.

Prints JSON: seconds (the median of three where that is quick), CPU seconds, rows, and the most
memory that the process ever held, in bytes, Python and DuckDB included.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import sys
import time
from pathlib import Path

import archive
from archive import query as questions
from archive.answers import rows

QUICK = 3.0  # seconds


def main() -> None:
    """Ask with the defaults that the question's header names, and fetch every row."""
    folder, name = sys.argv[1:]
    known = questions.load(name)
    wall: list[float] = []
    cpu: list[float] = []
    with archive.open(folder) as connection:
        while not wall or (len(wall) < 3 and wall[0] < QUICK):
            began, used = time.perf_counter(), time.process_time()
            answered = sum(1 for _ in rows(questions.ask(connection, known, {})))
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
    found = {"seconds": statistics.median(wall), "cpu": statistics.median(cpu)}
    print(json.dumps(found | {"rows": answered, "peak": most_memory()}))


def most_memory() -> int:
    """Return the most bytes that this process held; Linux's ru_maxrss begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        told = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert told
        return int(told[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
