-- Which other sites do stories link to in their text?
--
-- Grain: one row per portal and host that its stories link to.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   limit INTEGER = 50 | at most so many
-- Columns:
--   portal | id of the portal
--   host | where the links lead
--   links | links in the text of stories
--   stories | stories that have one
--   example | one such story
-- Plot: bars label=host value=links colour=portal
-- Example: morestories query sources --limit 10
-- Time: 1.1 s at 1 M articles, on two cores
SELECT portal, host, count(*) AS links, count(DISTINCT from_article) AS stories,
       min(from_url) AS example
FROM (
    SELECT portal, from_url, from_article, regexp_extract(to_url, '^[a-z]+://(?:www\.)?([^/:?#]+)', 1) AS host,
           regexp_extract(from_url, '^[a-z]+://(?:www\.)?([^/:?#]+)', 1) AS own
    FROM links
    WHERE kind IN ('body', 'inline_related') AND from_article IS NOT NULL
)
WHERE host <> '' AND host <> own AND ($portal IS NULL OR portal = $portal)
GROUP BY portal, host
ORDER BY stories DESC, links DESC, host
LIMIT $limit
