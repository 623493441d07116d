-- How many stories did each portal publish on each day?
--
-- Grain: one row per portal and day of publication.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   since DATE = NULL | from this day on
--   until DATE = NULL | up to this day
-- Columns:
--   portal | id of the portal
--   day | day on the portal's clock
--   stories | stories published on it
--   words | their words
-- Plot: calendar x=day value=stories
-- Example: morestories query articles-per-day --since 2026-11-01
-- Time: 0.1 s at 1 M articles, on two cores
SELECT portal, published_day AS day, count(*) AS stories, sum(words)::BIGINT AS words
FROM articles
WHERE published_day IS NOT NULL
  AND ($portal IS NULL OR portal = $portal)
  AND ($since IS NULL OR published_day >= $since)
  AND ($until IS NULL OR published_day <= $until)
GROUP BY portal, day
ORDER BY day DESC, portal
