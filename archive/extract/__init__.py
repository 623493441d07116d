"""Read the article out of a page: bytes in, a frozen ``Article`` out, no I/O.

``read_page`` is imported at its first use: the crawler reads only links, and would otherwise load
trafilatura with them (and ``archive.links.page`` needs ``archive.extract.blocks``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.extract.read import read_page

__all__ = ["read_page"]


def __getattr__(name: str) -> Any:
    if name == "read_page":
        from archive.extract.read import read_page

        return read_page
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
