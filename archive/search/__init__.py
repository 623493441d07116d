"""Full text of stories: words → a tantivy index → ranked hits with snippets and facets."""

from archive.search.facets import Facets
from archive.search.find import Hit, Hits, Only, find

__all__ = ["Facets", "Hit", "Hits", "Only", "find"]
