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
), shown AS (
    SELECT DISTINCT from_url, from_article, kind, to_url, to_article, text
    FROM links JOIN sources USING (from_url, from_article)
    WHERE kind IN ('more_stories', 'inline_related') AND ($portal IS NULL OR portal = $portal)
)
SELECT DISTINCT a.title, coalesce(b.title, s.text) AS related, s.kind,
       b.article IS NOT NULL AS archived, s.from_url, s.to_url
FROM shown s
JOIN articles a ON a.article = s.from_article
LEFT JOIN articles b ON b.article = s.to_article
ORDER BY s.from_url, s.kind, s.to_url, related
LIMIT $limit
