-- In what words does a term stand?
--
-- Grain: one row per mention of the term in a text.
-- Parameters:
--   term VARCHAR = 'बर्फबारी' | the characters to look for, as they stand in the text
--   context INTEGER = 30 | letters with their signs on each side
--   portal VARCHAR = NULL | only this portal
--   since DATE = NULL | published from this day on
--   limit INTEGER = 50 | at most so many
-- Columns:
--   published_day | day of publication
--   before | what stands before it
--   term | the term
--   after | what stands after it
--   portal | id of the portal
--   url | address
-- Example: morestories query keyword-in-context --term सड़कें --limit 5
-- Time: 8.7 s at 1 M articles, on two cores
WITH found AS (
    SELECT article, published_day, portal, url, string_split(replace(body, chr(10), ' '), $term) AS parts
    FROM articles
    WHERE contains(body, $term) AND ($portal IS NULL OR portal = $portal)
      AND ($since IS NULL OR published_day >= $since)
    ORDER BY published_day DESC, url
    LIMIT $limit
), mentions AS (
    SELECT *, unnest(range(1, len(parts))) AS n FROM found
)
SELECT published_day, right_grapheme(parts[n], $context) AS before, $term AS term,
       left_grapheme(parts[n + 1], $context) AS after, portal, url
FROM mentions
ORDER BY published_day DESC, url, n
LIMIT $limit
