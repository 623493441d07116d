"""Bytes of a page → what it says."""

from archive.extract.read import read_page

__all__ = ["read_page"]
