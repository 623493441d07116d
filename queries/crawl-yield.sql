-- Which kinds of links led to stories?
--
-- Grain: one row per portal and kind of the link by which a URL was first fetched.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
-- Columns:
--   portal | id of the portal
--   kind | feed, sitemap, section, pagination, more_stories …
--   captures | exchanges
--   stories | of these, captures that showed a story
--   new_stories | stories that this kind was the first to find
--   yield | new stories per hundred captures
--   failed | answers of 400 and above, and none at all
-- Plot: bars label=kind value=new_stories colour=portal
-- Example: morestories query crawl-yield
-- Time: 0.7 s at 1 M articles, on two cores
WITH found AS (
    SELECT article, min_by(capture, (captured, capture)) AS capture
    FROM sightings WHERE page_type = 'story' GROUP BY article
)
SELECT c.portal, c.kind, count(*) AS captures, count(s.capture) AS stories,
       count(f.capture) AS new_stories, round(100.0 * count(f.capture) / count(*), 1) AS yield,
       count(*) FILTER (c.status >= 400 OR c.status IS NULL) AS failed
FROM captures c
LEFT JOIN sightings s ON s.capture = c.capture AND s.page_type = 'story'
LEFT JOIN found f ON f.capture = c.capture
WHERE $portal IS NULL OR c.portal = $portal
GROUP BY c.portal, c.kind
ORDER BY c.portal, new_stories DESC, c.kind
