"""Pages on their way through the reading processes, kept so that they can land in file order."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from archive.capture import Capture
from archive.extract.workers import Job, Readers
from archive.landed import Rows, rows_of_page
from archive.layout import Layout
from archive.reading import portal_of
from archive.rows import Row


@dataclass(slots=True, eq=False)
class Page:
    """A page under way; ``rows``, what its capture comes to, are there when it has been read."""

    rows: Rows | None = None


class Pages:
    """Reading processes, started with the first page; use as a context manager, in one thread."""

    def __init__(self, workers: int | None = None) -> None:
        self._readers = Readers(workers or 0, preload="archive.landed")
        self._stack = ExitStack()
        self._started = False
        self._under_way: dict[int, Page] = {}  # by key: what is sent to a process comes back a copy
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def submit(
        self, captured: Row, capture: Capture, payload: bytes, layouts: tuple[Layout, ...] = ()
    ) -> Page:
        """Start to read a capture's decoded payload as a page; never blocks for long.

        ``captured`` is the capture's row, ``layouts`` is what the archive has learned of the portal's pages.
        """
        if not self._started:
            self._stack.enter_context(self._readers)
            self._started = True
        self._count += 1
        page = self._under_way[self._count] = Page()
        content_type = next((v for k, v in capture.headers if k == "content-type"), "")
        portal = replace(portal_of(capture), layouts=layouts)
        self._readers.submit(
            Job(
                self._count,
                payload,
                capture.url,
                content_type,
                capture.date,
                portal,
                partial(rows_of_page, captured),
            )
        )
        return page

    @property
    def under_way(self) -> bool:
        """Whether a page was submitted that has not been read yet."""
        return bool(self._under_way)

    def collect(self, timeout: float) -> None:
        """Hand over what has been read; wait up to ``timeout`` seconds for something."""
        if self._started:
            for outcome in self._readers.ready(timeout):
                self._under_way.pop(outcome.key).rows = outcome.made
