"""Run a filled WordPress for a person to look at: ``python -m tests.wordpress`` (as root)."""

from __future__ import annotations

import contextlib
import threading

from tests.wordpress.posts import posts
from tests.wordpress.site import WordPress


def main() -> None:
    """Serve until Ctrl-C."""
    with WordPress() as wordpress:
        count = wordpress.fill(posts())
        print(
            f"{count} posts at {wordpress.url} (files in {wordpress.folder}; Ctrl-C ends it)",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
