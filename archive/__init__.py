"""The archive: WARC files, and what is read out of them."""

from archive.store import open

__all__ = ["open"]
