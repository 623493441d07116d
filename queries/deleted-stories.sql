-- Which stories are gone from their site?
--
-- Grain: one row per story whose address answered 404 or 410 after the story had been seen there.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
-- Columns:
--   gone | first capture without the story
--   last_seen | last capture with it
--   status | 404 or 410
--   published | as the page printed it
--   title | its last headline
--   portal | id of the portal
--   url | address
-- Example: morestories query deleted-stories
-- Time: 1.1 s at 1 M articles, on two cores
SELECT g.gone, max(s.captured) AS last_seen, any_value(g.status) AS status,
       any_value(a.published) AS published, any_value(g.title) AS title, g.portal, g.url
FROM gone g
JOIN articles a USING (article)
JOIN sightings s USING (article)
WHERE $portal IS NULL OR g.portal = $portal
GROUP BY g.article, g.gone, g.portal, g.url
ORDER BY g.gone DESC, g.url
