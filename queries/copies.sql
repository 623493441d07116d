-- Which stories are copies of one another, word for word or edited, and which was first?
--
-- Grain: one row per story and cluster of copies, the source first.
-- Parameters:
--   portal VARCHAR = NULL | only clusters in which this portal has a story
--   since DATE = NULL | only clusters whose source appeared on this day (UTC) or later
--   across BOOLEAN = true | only clusters on at least two portals
--   limit INTEGER = 1000 | at most so many rows
-- Columns:
--   source | id of the first story, which names the cluster
--   appeared | by when the story was out
--   portal | id of the portal
--   kind | source, same, edited, cut or extended
--   similarity | shared three-word sequences of those in either, with the source
--   containment | shared three-word sequences of those in the shorter text
--   title | headline
--   url | address
-- Example: morestories query copies --across false --limit 20
-- Time: 0.5 s at 1 M articles, on two cores
WITH clusters AS (
    SELECT source, min(appeared) AS first
    FROM copies
    GROUP BY source
    HAVING ($portal IS NULL OR bool_or(portal = $portal))
       AND (NOT $across OR count(DISTINCT portal) > 1)
       AND ($since IS NULL OR min(appeared)::DATE >= $since)
)
SELECT c.source, c.appeared, c.portal, c.kind, round(c.similarity::DOUBLE, 3) AS similarity,
       round(c.containment::DOUBLE, 3) AS containment, a.title, a.url
FROM copies c
JOIN clusters k USING (source)
JOIN articles a USING (article)
ORDER BY k.first DESC, c.source, c.kind <> 'source', c.appeared, a.url
LIMIT $limit
