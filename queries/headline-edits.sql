-- Which headlines were changed, from what to what?
--
-- Grain: one row per change of a story's headline.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   since DATE = NULL | changes seen from this day on
--   limit INTEGER = 100 | at most so many
-- Columns:
--   seen | when the new headline was first captured
--   unchanged_until | when the old one was last captured
--   before | old headline
--   after | new headline
--   portal | id of the portal
--   url | address
-- Example: morestories query headline-edits --limit 10
-- Time: 1.3 s at 1 M articles, on two cores
WITH steps AS (
    SELECT portal, url, title AS after, first_captured AS seen,
           lag(title) OVER story AS before, lag(last_captured) OVER story AS unchanged_until
    FROM revisions
    WHERE ($portal IS NULL OR portal = $portal)
      AND article IN (SELECT article FROM articles WHERE number > 1)
    WINDOW story AS (PARTITION BY article ORDER BY number)
)
SELECT seen, unchanged_until, before, after, portal, url
FROM steps
WHERE before IS NOT NULL AND before <> after AND ($since IS NULL OR seen >= $since)
ORDER BY seen DESC, url
LIMIT $limit
