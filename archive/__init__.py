"""The archive: WARC files, and what is read out of them."""

from archive.store import Reader, open

__all__ = ["Reader", "open"]
