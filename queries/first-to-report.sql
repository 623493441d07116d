-- Which portal reported on something first?
--
-- Grain: one row per portal, the first of its stories with the term.
-- Parameters:
--   term VARCHAR = 'बर्फबारी' | the characters to look for in headline or text
--   since DATE = NULL | from this day on
-- Columns:
--   published | as the page printed it
--   hours_behind | hours after the first of all
--   portal | id of the portal
--   title | headline
--   url | address
-- Example: morestories query first-to-report --term हिमाचल
-- Time: 10 s at 1 M articles, on two cores
WITH firsts AS (
    SELECT portal, published, title, url
    FROM articles
    WHERE published IS NOT NULL AND published_precision <> 'month'
      AND (contains(title, $term) OR contains(body, $term))
      AND ($since IS NULL OR published_day >= $since)
    QUALIFY row_number() OVER (PARTITION BY portal ORDER BY published, url) = 1
)
SELECT published, round(epoch(published - min(published) OVER ()) / 3600, 1) AS hours_behind, portal, title, url
FROM firsts
ORDER BY published, portal
