-- Which stories are the most central, by what leads to them and what leads to that?
--
-- Grain: one row per story that another leads to. Two rounds of PageRank with a damping of 0.85.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   limit INTEGER = 20 | at most so many
-- Columns:
--   rank | 1 is what an average story has
--   linked_from | stories that lead to it
--   title | headline
--   portal | id of the portal
--   url | address
-- Plot: bars label=title value=rank colour=portal
-- Example: morestories query central-stories --limit 5
-- Time: 2.0 s at 1 M articles, on two cores
WITH edges AS (
    SELECT DISTINCT from_article AS source, to_article AS target
    FROM links
    WHERE kind IN ('more_stories', 'inline_related', 'body', 'adjacent')
      AND from_article <> to_article AND ($portal IS NULL OR portal = $portal)
      AND to_article IN (SELECT article FROM articles)
), out_degree AS (
    SELECT source, count(*) AS links FROM edges GROUP BY source
), one_round AS (
    SELECT target AS article, 0.15 + 0.85 * sum(1.0 / links) AS rank
    FROM edges JOIN out_degree USING (source) GROUP BY target
), two_rounds AS (
    SELECT target AS article, 0.15 + 0.85 * sum(coalesce(r.rank, 0.15) / links) AS rank,
           count(*) AS linked_from
    FROM edges JOIN out_degree USING (source) LEFT JOIN one_round r ON r.article = source
    GROUP BY target
)
SELECT round(rank, 3) AS rank, linked_from, title, portal, url
FROM two_rounds JOIN articles USING (article)
ORDER BY 1 DESC, url
LIMIT $limit
