"""Stories and cards in the class structure of the CoverNews theme."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.portal_site import theme
from tests.portal_site.story import Story

NAME = "covernews"


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
        f'{_trail(story)}<div class="section-block-upper row"><div id="primary" class="content-area">'
        f'<main id="main" class="site-main"><article id="post-{story.id}" class="af-single-article '
        f"post-{story.id} post type-post status-publish format-standard has-post-thumbnail hentry "
        f'category-{story.section_slug}"><div class="entry-content-wrap"><header class="entry-header">'
        f'<div class="header-details-wrapper"><div class="entry-header-details">{_category(story)}'
        f'<h1 class="entry-title">{escape(story.title)}</h1>{_byline(story)}</div></div>'
        f'<div class="aft-post-thumbnail-wrapper"><div class="post-thumbnail full-width-image">'
        f"{theme.image(story)}</div></div></header>"
        f'<div class="entry-content">{theme.body_of(story, page, linked)}{theme.tags_of(story)}'
        f"{_adjacent(older, newer)}</div></div>{_more_stories(related)}{theme.comments(story)}"
        "</article></main></div></div>"
    )


def card(story: Story) -> str:
    """Return a story as listings and More Stories show it."""
    return (
        '<div class="col-sm-4 latest-posts-grid" data-mh="latest-posts-grid"><div class="spotlight-post">'
        '<figure class="categorised-article inside-img"><div class="categorised-article-wrapper">'
        '<div class="data-bg-hover data-bg-categorised read-bg-img">'
        f'<a href="{escape(story.url)}" aria-label="{escape(story.title)}">'
        f"{theme.thumbnail(story)}</a></div></div>"
        f'{_category(story)}</figure><figcaption><h3 class="article-title article-title-1">'
        f'{theme.link(story.url, story.title)}</h3><div class="grid-item-metadata">{_byline(story)}'
        "</div></figcaption></div></div>"
    )


def _more_stories(stories: Sequence[Story]) -> str:
    return (
        '<div class="promotionspace enable-promotionspace"><div class="em-reated-posts col-ten">'
        '<div class="row"><h3 class="related-title">More Stories</h3><div class="row">'
        f"{''.join(map(card, stories))}</div></div></div></div>"
    )


def _trail(story: Story) -> str:
    return (
        '<div class="em-breadcrumbs font-family-1"><div class="row"><div role="navigation" '
        'aria-label="Breadcrumbs" class="breadcrumb-trail breadcrumbs"><ul class="trail-items">'
        '<li class="trail-item trail-begin"><a href="/"><span>Home</span></a></li><li class="trail-item">'
        f"{theme.link(f'/category/{story.section_slug}/', story.section)}</li>"
        f'<li class="trail-item trail-end"><span>{escape(story.title)}</span></li></ul></div></div></div>'
    )


def _category(story: Story) -> str:
    anchor = theme.link(
        f"/category/{story.section_slug}/",
        story.section,
        ' class="covernews-categories category-color-1"',
    )
    return (
        '<div class="figure-categories figure-categories-bg"><ul class="cat-links">'
        f'<li class="meta-category">{anchor}</li></ul></div>'
    )


def _byline(story: Story) -> str:
    return theme.byline(story, theme.hindi_date(story.published))


def _adjacent(older: Story | None, newer: Story | None) -> str:
    parts = [
        f'<div class="nav-{name}"><a href="{escape(story.url)}" rel="{rel}">{word}: '
        f'<span class="em-post-navigation nav-title">{escape(story.title)}</span></a></div>'
        for name, rel, word, story in (
            ("previous", "prev", "Previous", older),
            ("next", "next", "Next", newer),
        )
        if story
    ]
    return (
        '<nav class="navigation post-navigation" aria-label="Post navigation">'
        '<h2 class="screen-reader-text">Post navigation</h2>'
        f'<div class="nav-links">{"".join(parts)}</div></nav>'
    )
