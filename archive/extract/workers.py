"""Reading pages in worker processes, each page with a limit of time and memory.

A page that crashes, hangs or exhausts its worker costs that worker only: a new one takes its
place, and the page gets one more chance with the plain-text reader before it is given up.

One thread of the caller watches all workers; results come in the order they are ready.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archive.article import Article
from archive.errors import ArchiveError
from archive.extract.fallback import read_plain
from archive.extract.read import VERSIONS, explain_page
from archive.extract.tree import is_html
from archive.layout import Observation
from archive.portal import Portal

SECONDS = 5.0  # a page; the slowest of 400 real pages took 0.3 s
MEMORY = 500_000_000  # bytes that one page may take beside what the interpreter holds
# A worker is replaced now and then, as lxml and its caches never give memory back.
PAGES_A_WORKER = 5_000


class StoppedAtStart(ArchiveError):
    """A reader process cannot start: a broken installation, or no memory left for it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One page to read. ``key`` is the caller's and comes back with the outcome.

    ``then`` is what the process that read the page is to make of its outcome.
    """

    key: Any
    payload: bytes
    url: str
    content_type: str = ""
    captured: datetime | None = None
    portal: Portal = field(default_factory=Portal)
    then: Callable[[Outcome], Any] | None = None
    plain: str = ""  # why only the plain-text reader may try; set after a first failure


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job. ``article`` is None where the page is no HTML or ``failed`` says why.

    ``observation`` is what a story's page adds to its portal's evidence. ``made`` is what
    :attr:`Job.then` made of these two, which stay in the process that read.
    """

    key: Any
    article: Article | None
    failed: str = ""
    observation: Observation | None = None
    made: Any = None


class Readers:
    """A pool of page readers; use as a context manager.

    ``submit`` never blocks; ``ready`` and ``drain`` yield outcomes. At most a few jobs a worker
    should be under way at once (see ``pending``): payloads wait in this process's memory.
    ``preload`` is the module that is imported once for all of them.
    Not safe to use from more than one thread.
    """

    def __init__(
        self,
        workers: int = 0,
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        preload: str = "archive.extract.read",
    ) -> None:
        self._count = workers or os.cpu_count() or 1
        self._seconds = seconds
        self._memory = memory
        self._context = _context(preload)
        self._waiting: deque[Job] = deque()
        self._done: deque[Outcome] = deque()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        self._workers = [self._start() for _ in range(self._count)]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.stop(at_once=kind is not None or worker.job is not None)
        self._workers.clear()

    @property
    def pending(self) -> int:
        """How many jobs have been submitted whose outcome was not yet handed out."""
        return len(self._waiting) + len(self._done) + sum(w.job is not None for w in self._workers)

    @property
    def workers(self) -> int:
        """How many processes read."""
        return self._count

    def submit(self, job: Job) -> None:
        """Queue a page; its outcome comes out of ``ready`` or ``drain``."""
        self._waiting.append(job)
        self._feed()

    def ready(self, timeout: float = 0.0) -> Iterator[Outcome]:
        """Yield the outcomes that are there now; wait up to ``timeout`` seconds for the first."""
        if not self._done:
            self._turn(timeout)
        while self._done:
            yield self._done.popleft()

    def drain(self) -> Iterator[Outcome]:
        """Yield outcomes until every submitted job has had its own."""
        while self.pending:
            yield from self.ready(timeout=self._seconds)

    def map(self, jobs: Iterable[Job], *, ahead: int = 4) -> Iterator[Outcome]:
        """Read ``jobs`` and yield outcomes as they come, holding ``ahead`` payloads a worker."""
        for job in jobs:
            self.submit(job)
            while self.pending >= ahead * self._count:
                yield from self.ready(timeout=self._seconds)
            yield from self.ready()
        yield from self.drain()

    def _start(self) -> _Worker:
        return _Worker(self._context, self._memory)

    def _feed(self) -> None:
        for place in range(len(self._workers)):
            if not self._waiting:
                return
            if self._workers[place].job is None:
                job = self._waiting.popleft()
                while not self._workers[place].give(job):
                    # It went while idle (the system was out of memory, say): not the page's fault.
                    self._workers[place].stop(at_once=True)
                    self._workers[place] = self._start()

    def _turn(self, timeout: float) -> None:
        """Collect what is ready, end what is overdue, and hand out what waits."""
        busy = {w.pipe: place for place, w in enumerate(self._workers) if w.job is not None}
        if not busy:
            return
        now = time.monotonic()
        overdue = min(w.since + self._seconds for w in self._workers if w.job is not None)
        for pipe in wait(list(busy), max(0.0, min(timeout, overdue - now))):
            if isinstance(pipe, Connection):
                self._collect(busy[pipe])
        now = time.monotonic()
        for place, worker in enumerate(self._workers):
            if worker.job is not None and now - worker.since > self._seconds:
                self._replace(place, worker.job, f"took more than {self._seconds:g} s")
        self._feed()

    def _collect(self, place: int) -> None:
        worker = self._workers[place]
        job = worker.job
        assert job is not None
        try:
            outcome = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(1.0)
            self._replace(place, job, _why_gone(worker.process.exitcode))
            return
        worker.job = None
        worker.pages += 1
        if outcome.failed and not job.plain:
            self._waiting.appendleft(replace(job, plain=outcome.failed))
        else:
            self._done.append(outcome)
        if worker.pages >= PAGES_A_WORKER:
            worker.stop()
            self._workers[place] = self._start()

    def _replace(self, place: int, job: Job, why: str) -> None:
        """End a worker that failed on ``job``, start another, and try the plain reader once."""
        self._workers[place].stop(at_once=True)
        self._workers[place] = self._start()
        if job.plain:
            failed = f"{job.plain}; then, as plain text: {why}"
            self._done.append(_finished(job, Outcome(job.key, None, failed)))
        else:
            self._waiting.appendleft(replace(job, plain=why))
        self._feed()


def _context(preload: str) -> BaseContext:
    """Return how processes start: safe where the caller has threads, and quick to replace."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, context: BaseContext, memory: int) -> None:
        self.pipe, theirs = context.Pipe()
        # typeshed gives Process to the concrete contexts only.
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, memory), daemon=True, name="morestories reader"
        )
        self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.since = 0.0
        self.pages = 0
        self.fresh = True

    def give(self, job: Job) -> bool:
        """Send ``job``; False if the process is gone."""
        # The clock starts when the worker is known to be up: starting Python takes a second.
        if self.fresh:
            try:
                self.pipe.recv()
            except (EOFError, OSError) as error:
                # Not the page's fault: nothing was read yet, and a new worker would fail too.
                raise StoppedAtStart(
                    "a reader process ended before its first page; its own message stands above"
                ) from error
            self.fresh = False
        self.job, self.since = job, time.monotonic()
        try:
            self.pipe.send(job)
        except OSError:
            self.job = None
            return False
        return True

    def stop(self, *, at_once: bool = False) -> None:
        """End the process and free what it holds; never raises, never hangs."""
        if not at_once:
            try:
                self.pipe.send(None)
            except OSError:
                at_once = True
        if not at_once:
            self.process.join(2.0)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


def _why_gone(code: int | None) -> str:
    if code is not None and code < 0:
        return f"its worker was ended by {signal.Signals(-code).name}"
    return f"its worker ended with code {code}"


def _serve(pipe: Connection, memory: int) -> None:
    """Read jobs until None or the end of the pipe: the whole life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory)
    pipe.send("up")
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        if job is None:
            return
        pipe.send(_finished(job, _outcome(job)))


def _finished(job: Job, outcome: Outcome) -> Outcome:
    """Return ``outcome`` as its caller wants it, unless the page is to be tried once more."""
    if job.then is None or (outcome.failed and not job.plain):
        return outcome
    return Outcome(job.key, None, outcome.failed, made=job.then(outcome))


def _limit_memory(memory: int) -> None:
    """Let this process take ``memory`` bytes more than it holds now (where the system can)."""
    if sys.platform != "linux":
        return
    import resource

    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    try:
        resource.setrlimit(resource.RLIMIT_AS, (held + memory, held + memory))
    except (OSError, ValueError):
        return  # a lower hard limit is in force already


def _outcome(job: Job) -> Outcome:
    article = observation = None
    try:
        if not job.plain:
            reading = explain_page(
                job.payload,
                url=job.url,
                content_type=job.content_type,
                captured=job.captured,
                portal=job.portal,
            )
            if reading is not None:
                article, observation = reading.article, reading.observation
        elif is_html(job.payload, job.content_type):
            article = read_plain(
                job.payload,
                url=job.url,
                content_type=job.content_type,
                why=job.plain,
                versions=VERSIONS,
            )
    except Exception as error:
        # Any fault of a parser on any page: counted by the caller, never a crash.
        why = "needs more than its memory" if isinstance(error, MemoryError) else repr(error)[:300]
        return Outcome(
            job.key, None, f"{job.plain}; then, as plain text: {why}" if job.plain else why
        )
    return Outcome(job.key, article, observation=observation)
