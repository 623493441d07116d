"""The archive: WARC files, and what is read out of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.store import Reader, open
else:

    def __getattr__(name):
        """Import DuckDB when the tables are asked for: a crawl does without its 60 MB."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from archive import store

        return getattr(store, name)


__all__ = ["Reader", "open"]
