-- How often was a word or phrase in the news, over time?
--
-- Grain: one row per period and portal that has the term.
-- Parameters:
--   term VARCHAR = 'बर्फबारी' | the characters to look for, as they stand in the text
--   by VARCHAR = 'month' | period: day, week, month or year
--   portal VARCHAR = NULL | only this portal
-- Columns:
--   period | its first day
--   portal | id of the portal
--   stories | stories with the term in headline or text
--   mentions | how often it stands in them
--   share | of all the portal's stories of the period, in per cent
-- Plot: timeline x=period y=stories colour=portal
-- Example: morestories query timeline --term शिमला --by week
-- Time: 13 s at 1 M articles, on two cores
WITH counted AS (
    SELECT date_trunc($by, published_day)::DATE AS period, portal,
           ((length(title || ' ' || body) - length(replace(title || ' ' || body, $term, '')))
             / length($term))::BIGINT AS mentions
    FROM articles
    WHERE published_day IS NOT NULL AND ($portal IS NULL OR portal = $portal)
)
SELECT period, portal, count(*) FILTER (mentions > 0) AS stories, sum(mentions)::BIGINT AS mentions,
       round(100.0 * count(*) FILTER (mentions > 0) / count(*), 2) AS share
FROM counted
GROUP BY period, portal
HAVING stories > 0
ORDER BY period DESC, portal
