-- Which words or word sequences are more frequent lately than before?
--
-- Grain: one row per sequence of n words in headlines of the newest days.
-- Parameters:
--   n INTEGER = 1 | words in a sequence
--   days INTEGER = 7 | how many of the newest days are "lately"
--   portal VARCHAR = NULL | only this portal
--   at_least INTEGER = 2 | only what at least so many late headlines have
--   limit INTEGER = 50 | at most so many
-- Columns:
--   words | the sequence
--   lately | late headlines that have it
--   earlier | earlier headlines that have it
--   ratio | of its late share to its earlier share, both smoothed by one headline
-- Plot: bars label=words value=ratio
-- Example: morestories query rising-words --n 2 --days 10
-- Time: 6.8 s at 1 M articles, on two cores
WITH headlines AS (
    SELECT article, regexp_extract_all(lower(title), '[\p{L}\p{M}\p{N}]+') AS w,
           published_day > max(published_day) OVER () - $days AS late
    FROM articles
    WHERE published_day IS NOT NULL AND ($portal IS NULL OR portal = $portal)
), grams AS (
    SELECT DISTINCT article, late, array_to_string(w[i:i + $n - 1], ' ') AS words
    FROM (SELECT *, unnest(range(1, len(w) - $n + 2)) AS i FROM headlines)
), totals AS (
    SELECT count(*) FILTER (late) AS late_all, count(*) FILTER (NOT late) AS early_all FROM headlines
)
SELECT words, count(*) FILTER (late) AS lately, count(*) FILTER (NOT late) AS earlier,
       round(((lately + 1.0) / (any_value(late_all) + 1)) / ((earlier + 1.0) / (any_value(early_all) + 1)), 2) AS ratio
FROM grams, totals
GROUP BY words
HAVING lately >= $at_least
ORDER BY ratio DESC, lately DESC, words
LIMIT $limit
