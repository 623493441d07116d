"""How what was found is spread over portals, months, sections and authors."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import tantivy

_MOST = 20  # values of a facet; months are all there
# Days are numbers, 20261124 (0 for none): a hundred of them make a month. Counting by day and
# adding up took ten times as long at a million stories.
_MONTH = 100


@dataclass(frozen=True, slots=True)
class Facets:
    """Stories by value, the most frequent first; months (``2026-11``) in order of time.

    A story without the value counts nowhere, one with two authors under each. Sections and
    authors are as printed.
    """

    portal: tuple[tuple[str, int], ...]
    month: tuple[tuple[str, int], ...]
    section: tuple[tuple[str, int], ...]
    author: tuple[tuple[str, int], ...]

    def named(self) -> dict[str, tuple[tuple[str, int], ...]]:
        """Return the facets by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> Facets:
    """Count what ``query`` finds, in one pass over the columns of the index."""
    wanted: dict[str, dict[str, Any]] = {
        name: {"terms": {"field": name, "size": _MOST}} for name in ("portal", "section", "author")
    }
    wanted["day"] = {"histogram": {"field": "day", "interval": _MONTH, "min_doc_count": 1}}
    found = searcher.aggregate(query, wanted)

    def most(name: str) -> tuple[tuple[str, int], ...]:
        pairs = [(bucket["key"], bucket["doc_count"]) for bucket in found[name]["buckets"]]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    return Facets(most("portal"), _months(found["day"]["buckets"]), most("section"), most("author"))


def _months(buckets: list[dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    """Name the months; stories without a day have none."""
    months = ((int(bucket["key"]) // _MONTH, bucket["doc_count"]) for bucket in buckets)
    return tuple((f"{m // 100:04}-{m % 100:02}", stories) for m, stories in months if m)
