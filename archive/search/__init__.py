"""Full text of stories: words → a tantivy index → ranked hits with snippets."""

from archive.search.find import Hit, Hits, find

__all__ = ["Hit", "Hits", "find"]
