-- Which stories do other stories link to most?
--
-- Grain: one row per story that is linked to.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   kind VARCHAR = NULL | only links of this kind, such as more_stories or body
--   limit INTEGER = 20 | at most so many
-- Columns:
--   stories | other stories that link to it
--   more_stories | of these, by "More Stories"
--   in_body | of these, from their text
--   title | headline
--   portal | id of the portal
--   url | address
-- Example: morestories query most-linked --kind body
-- Time: 1.5 s at 1 M articles, on two cores
WITH edges AS (
    SELECT to_article, from_article, bool_or(kind = 'more_stories') AS block,
           bool_or(kind IN ('body', 'inline_related')) AS body
    FROM links
    WHERE from_article <> to_article AND kind IN ('more_stories', 'inline_related', 'body')
      AND ($kind IS NULL OR kind = $kind)
      AND to_article IN (SELECT article FROM articles WHERE $portal IS NULL OR portal = $portal)
    GROUP BY ALL
), linked AS (
    SELECT to_article AS article, count(*) AS stories, count(*) FILTER (block) AS more_stories,
           count(*) FILTER (body) AS in_body
    FROM edges
    GROUP BY ALL
)
SELECT l.stories, l.more_stories, l.in_body, a.title, a.portal, a.url
FROM linked l JOIN articles a USING (article)
ORDER BY stories DESC, url
LIMIT $limit
