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
-- Time: 17 s at 1 M articles, on two cores that others kept busy
SELECT count(DISTINCT l.from_article) AS stories,
       count(DISTINCT l.from_article) FILTER (l.kind = 'more_stories') AS more_stories,
       count(DISTINCT l.from_article) FILTER (l.kind IN ('body', 'inline_related')) AS in_body,
       any_value(a.title) AS title, any_value(a.portal) AS portal, any_value(a.url) AS url
FROM links l
JOIN articles a ON a.article = l.to_article
WHERE l.from_article IS NOT NULL AND l.from_article <> l.to_article
  AND l.kind IN ('more_stories', 'inline_related', 'body')
  AND ($kind IS NULL OR l.kind = $kind)
  AND ($portal IS NULL OR a.portal = $portal)
GROUP BY a.article
ORDER BY stories DESC, url
LIMIT $limit
