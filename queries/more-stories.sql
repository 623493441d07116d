-- What does a story lead to by "More Stories", and is it here?
--
-- Grain: one row per story and related headline that it shows.
-- Parameters:
--   url VARCHAR = NULL | only from this story
--   portal VARCHAR = NULL | only this portal
--   limit INTEGER = 100 | at most so many
-- Columns:
--   title | the story's headline
--   related | the headline that its "More Stories" block shows
--   kind | more_stories, or inline_related for "also read" inside the body
--   archived | whether that story is in the archive
--   from_url | the story's address
--   to_url | the related story's address
-- Example: morestories query more-stories --limit 10
-- Time: 1.0 s at 1 M articles, on two cores
WITH sources AS (  -- each gives at least one row, so these are enough
    SELECT DISTINCT from_url, from_article
    FROM links
    WHERE kind IN ('more_stories', 'inline_related')
      AND ($portal IS NULL OR portal = $portal)
      AND from_article IN (SELECT article FROM articles)
      AND ($url IS NULL OR from_url = $url
           OR from_article IN (SELECT article FROM articles WHERE url = $url))
    ORDER BY from_url
    LIMIT $limit
)
SELECT DISTINCT a.title, coalesce(b.title, l.text) AS related, l.kind,
       b.article IS NOT NULL AS archived, l.from_url, l.to_url
FROM links l
JOIN sources USING (from_url, from_article)
JOIN articles a ON a.article = l.from_article
LEFT JOIN articles b ON b.article = l.to_article
WHERE l.kind IN ('more_stories', 'inline_related') AND ($portal IS NULL OR l.portal = $portal)
ORDER BY l.from_url, l.kind, l.to_url, related
LIMIT $limit
