-- Which stories were rewritten after they were published, and by how much?
--
-- Grain: one row per revision after the first.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   limit INTEGER = 100 | at most so many
-- Columns:
--   seen | when the revision was first captured
--   number | which revision it is
--   similarity | words that both texts have, of all words that one of them has; 1 is the same words
--   words_before | words of the old text
--   words_after | words of the new text
--   title | headline now
--   portal | id of the portal
--   url | address
-- Example: morestories query edits --limit 10
-- Time: 36 s at 1 M articles, on two cores that others kept busy
WITH steps AS (
    SELECT portal, url, title, number, article, first_captured AS seen, words AS words_after,
           list_distinct(regexp_extract_all(body, '[\p{L}\p{M}\p{N}]+')) AS now
    FROM revisions
    WHERE ($portal IS NULL OR portal = $portal)
      AND article IN (SELECT article FROM articles WHERE number > 1)
), pairs AS (
    SELECT *, lag(now) OVER story AS old, lag(words_after) OVER story AS words_before
    FROM steps
    WINDOW story AS (PARTITION BY article ORDER BY number)
)
SELECT seen, number,
       round(len(list_intersect(old, now)) / len(list_distinct(list_concat(old, now))), 3) AS similarity,
       words_before, words_after, title, portal, url
FROM pairs
WHERE old IS NOT NULL
ORDER BY seen DESC, url
LIMIT $limit
