"""The Hindi posts that WordPress is filled with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.portal_site.compose import compose

PUBLIC = 160
# Posts that the public must not see, or no longer; one of each, published before all others.
FATES = ("trash", "delete", "password", "draft", "private")


def posts(public: int = PUBLIC) -> Iterator[dict[str, Any]]:
    """Yield the posts that ``fill.php`` publishes: one a fate, then ``public`` open ones.

    ``links_to`` is the place in this list of an earlier post, to whose first address the first
    paragraph links: so a crawl meets the gone, the locked and the moved.
    """
    stories = compose(public + len(FATES), seed="wordpress", home="http://127.0.0.1/")
    for number, story in enumerate(stories):
        place = number - len(FATES)
        yield {
            "title": story.title,
            "paragraphs": list(story.paragraphs),
            "author": story.author,
            "categories": [story.section, "हिमाचल"] if place % 5 == 0 else [story.section],
            "tags": list(story.tags),
            "date": f"{story.published:%Y-%m-%d %H:%M:%S}",
            "pages": 3 if place % 20 == 6 and len(story.paragraphs) > 3 else 1,
            "image": place % 4 == 0,
            "comments": 4 if place % 7 == 0 else 0,
            "old_slug": f"purani-khabar-{place}" if place % 40 == 3 else "",
            "links_to": number - 50 if 50 <= number < 60 else None,
            "fate": FATES[number] if place < 0 else "",
        }
