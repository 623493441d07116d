-- Who had stories first that stood on another portal later?
--
-- Grain: one row per pair of portals, the first having been first.
-- Parameters:
--   portal VARCHAR = NULL | only pairs with this portal
--   since DATE = NULL | only copies that appeared on this day (UTC) or later
-- Columns:
--   first | portal that was first
--   later | portal that had the text later
--   stories | how many of its stories
--   same | of these, word for word
--   edited | edited
--   cut | cut short
--   extended | with more added
--   hours_later | median hours between the two
-- Example: morestories query who-copied-whom --since 2026-01-01
-- Time: under 0.1 s at 1 M articles, on two cores
SELECT s.portal AS first, c.portal AS later, count(*) AS stories,
       count(*) FILTER (c.kind = 'same') AS same, count(*) FILTER (c.kind = 'edited') AS edited,
       count(*) FILTER (c.kind = 'cut') AS cut, count(*) FILTER (c.kind = 'extended') AS extended,
       round(median(epoch(c.appeared - s.appeared)) / 3600, 1) AS hours_later
FROM copies c
JOIN copies s ON s.article = c.source
WHERE c.portal <> s.portal
  AND ($portal IS NULL OR $portal IN (c.portal, s.portal))
  AND ($since IS NULL OR c.appeared::DATE >= $since)
GROUP BY s.portal, c.portal
ORDER BY stories DESC, first, later
