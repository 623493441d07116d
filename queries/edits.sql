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
-- Time: 0.9 s at 1 M articles, on two cores
WITH steps AS (
    SELECT revision, article, number, first_captured,
           lag(revision) OVER story AS before, lag(first_captured) OVER story AS before_captured
    FROM revisions
    WHERE ($portal IS NULL OR portal = $portal)
      AND article IN (SELECT article FROM texts WHERE number > 1)
    WINDOW story AS (PARTITION BY article ORDER BY number)
), pairs AS (
    SELECT * FROM steps WHERE before IS NOT NULL ORDER BY first_captured DESC, article LIMIT $limit
), read AS (  -- by the moment, too: files are in the order of time, ids lie anywhere
    SELECT revision, title, words, portal, url,
           list_distinct(regexp_extract_all(body, '[\p{L}\p{M}\p{N}]+')) AS vocabulary
    FROM texts
    JOIN (SELECT revision, first_captured FROM pairs
          UNION SELECT before, before_captured FROM pairs) USING (revision, first_captured)
)
SELECT p.first_captured AS seen, p.number,
       round(len(list_intersect(b.vocabulary, a.vocabulary))
             / len(list_distinct(list_concat(b.vocabulary, a.vocabulary))), 3) AS similarity,
       b.words AS words_before, a.words AS words_after, a.title, a.portal, a.url
FROM pairs p
JOIN read a ON a.revision = p.revision
JOIN read b ON b.revision = p.before
ORDER BY seen DESC, p.article
