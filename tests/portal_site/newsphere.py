"""Stories and cards in the class structure of the Newsphere theme."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.portal_site import theme
from tests.portal_site.story import Story

NAME = "newsphere"


def article(
    story: Story,
    page: int,
    *,
    linked: Sequence[Story],
    related: Sequence[Story],
    older: Story | None,
    newer: Story | None,
) -> str:
    """Return the main column of a story's page."""
    return (
        '<div id="primary" class="content-area"><main id="main" class="site-main">'
        f'<article id="post-{story.id}" class="af-single-article post-{story.id} post type-post hentry">'
        '<div class="entry-content-wrap read-single"><header class="entry-header pos-rel">'
        f'<div class="read-details marg-btm-lr"><div class="entry-header-details">{_category(story)}'
        f'<h1 class="entry-title">{escape(story.title)}</h1><span class="min-read-post-format">'
        f'<span class="min-read">1 min read</span></span><div class="entry-meta">{_byline(story)}</div>'
        f'</div></div></header><div class="read-img pos-rel">{theme.image(story)}</div>'
        '<div class="color-pad"><div class="entry-content read-details color-tp-pad no-color-pad">'
        f"{theme.body_of(story, page, linked)}{theme.tags_of(story)}{_adjacent(older, newer)}"
        f"</div></div></div></article>{_more_stories(related)}{theme.comments(story)}</main></div>"
    )


def card(story: Story) -> str:
    """Return a story as listings and More Stories show it."""
    return (
        '<div class="col-3 float-l pad latest-posts-grid af-sec-post" data-mh="latest-posts-grid">'
        '<div class="read-single color-pad"><div class="read-img pos-rel read-bg-img">'
        f'<a href="{escape(story.url)}" aria-label="{escape(story.title)}">'
        f"{theme.thumbnail(story)}</a>"
        '<span class="min-read-post-format"><span class="min-read">1 min read</span></span></div>'
        f'<div class="read-details color-tp-pad no-color-pad">{_category(story)}<div class="read-title">'
        f'<h3>{theme.link(story.url, story.title)}</h3></div><div class="entry-meta">{_byline(story)}'
        "</div></div></div></div>"
    )


def _more_stories(stories: Sequence[Story]) -> str:
    return (
        '<div class="promotionspace enable-promotionspace"><div class="af-reated-posts col-ten">'
        '<h2 class="widget-title header-after1"><span class="header-after">More Stories</span></h2>'
        f'<div class="af-container-row clearfix">{"".join(map(card, stories))}</div></div></div>'
    )


def _category(story: Story) -> str:
    anchor = theme.link(
        f"/category/{story.section_slug}/",
        story.section,
        ' class="newsphere-categories category-color-1"',
    )
    return (
        '<div class="read-categories"><ul class="cat-links">'
        f'<li class="meta-category">{anchor}</li></ul></div>'
    )


def _byline(story: Story) -> str:
    return theme.byline(story, theme.english_date(story.published))


def _adjacent(older: Story | None, newer: Story | None) -> str:
    parts = [
        f'<div class="nav-{name}"><a href="{escape(story.url)}" rel="{rel}">'
        f'<span class="em-post-navigation">{word}</span> {escape(story.title)}</a></div>'
        for name, rel, word, story in (
            ("previous", "prev", "Previous", older),
            ("next", "next", "Next", newer),
        )
        if story
    ]
    return (
        '<nav class="navigation post-navigation" aria-label="Continue Reading">'
        '<h2 class="screen-reader-text">Continue Reading</h2>'
        f'<div class="nav-links">{"".join(parts)}</div></nav>'
    )
