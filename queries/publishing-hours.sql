-- At what hours does a newsroom publish?
--
-- Grain: one row per portal and hour of the day, on the portal's clock.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   since DATE = NULL | published from this day on
-- Columns:
--   portal | id of the portal
--   hour | 0 to 23
--   stories | stories published in it
--   share | of the portal's stories with a clock time, in per cent
--   weekend | of these stories, on Saturday or Sunday, in per cent
-- Plot: columns x=hour y=stories colour=portal
-- Example: morestories query publishing-hours
-- Time: 0.5 s at 1 M articles, on two cores
WITH local AS (
    SELECT portal, published_day,
           hour(timezone('UTC', published) + to_minutes(published_offset)) AS hour
    FROM articles
    WHERE published_precision IN ('second', 'minute') AND ($portal IS NULL OR portal = $portal)
      AND ($since IS NULL OR published_day >= $since)
)
SELECT portal, hour, count(*) AS stories,
       round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY portal), 1) AS share,
       round(100.0 * count(*) FILTER (isodow(published_day) >= 6) / count(*), 1) AS weekend
FROM local
GROUP BY portal, hour
ORDER BY portal, hour
