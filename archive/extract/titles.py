"""The headline: what most of a page's own sources agree on, the printed one in a tie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import regex

from archive.extract.evidence import Evidence
from archive.extract.structured import clean, letters
from archive.text.language import script_of

SITE_JOIN = regex.compile(r"\s+[|–—·•»:\-]+\s+|\s*[|»]\s*|\s*[-–—]\s+(?=\S)")


def title_candidates(page: Evidence) -> Iterator[tuple[str, str]]:
    """Yield ``(rule, title)``, best first.

    Sources in the script of the story come first (Indian portals put an English headline into
    JSON-LD or a hidden h1); among them, the title that most sources share.
    """
    found = [(rule, title) for rule, title in _sources(page) if letters(title)]
    votes = Counter(letters(title) for _, title in found)
    script = page.script
    own = {title: script_of(title) == script for _, title in found}
    yield from sorted(found, key=lambda c: (not own[c[1]], -votes[letters(c[1])]))


def _sources(page: Evidence) -> Iterator[tuple[str, str]]:
    headline = page.near.headline
    printed = clean(str(headline.text_content())) if headline is not None else ""
    said = clean(page.article.get("headline"))
    marked = [said, *(without_site(t, page.site_names) for t in page.titles)]
    same = next((m for m in marked if letters(m) == letters(printed)), "")
    # Same letters: a kicker's span and the title's stand without the sign between them in an h1.
    yield "h1", same if same and headline is not None and len(headline) > 1 else printed
    yield "json-ld:headline", said
    for item in () if said else page.items:
        if "headline" in item.names:
            yield "microdata:headline", item.value
            break
    yield "og:title", without_site(page.said("og:title"), page.site_names)
    if "og:title" not in page.meta:
        yield "twitter:title", without_site(page.said("twitter:title"), page.site_names)
    yield "title", without_site(page.title_element, page.site_names)


def without_site(title: str, site_names: Iterable[str]) -> str:
    """Return ``title`` without the site's name at either end.

    ``site_names`` are folded by ``structured.letters``. What stands between a headline and the
    site's name (a section, "Hindi News") goes with it only where the name follows directly.
    """
    names = set(site_names)
    cuts = list(islice(SITE_JOIN.finditer(title), 20))
    for cut in cuts:
        tail = letters(title[cut.end() :])
        if tail in names or any(
            len(n) > 3 and tail.endswith(n) and len(tail) < 2 * len(n) for n in names
        ):
            return title[: cut.start()].strip()
    if cuts and letters(title[: cuts[0].start()]) in names:
        return title[cuts[0].end() :].strip()
    return title
