-- What is in each WARC file?
--
-- Grain: one row per WARC file.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
-- Columns:
--   warc | file name in warc/
--   portal | id of the portal
--   crawl | id of the crawl
--   first | oldest capture
--   last | newest capture
--   captures | exchanges
--   revisits | of these, unchanged ones stored once elsewhere
--   stories | captures that were read as a story
--   damaged | places where no record could be read
--   bytes | bytes of the captures as stored
-- Example: morestories query warc-inventory
-- Time: 0.1 s at 1 M articles, on two cores
WITH kept AS (
    SELECT warc, min(captured) AS first, max(captured) AS last, count(*) AS captures,
           count(*) FILTER (record = 'revisit') AS revisits, sum(warc_length)::BIGINT AS bytes
    FROM captures GROUP BY warc
), stories AS (
    SELECT c.warc, count(*) AS stories
    FROM readings r JOIN captures c USING (capture) WHERE r.page_type = 'story' GROUP BY c.warc
), damages AS (
    SELECT warc, count(*) AS damaged FROM outcomes WHERE reason = 'damaged' GROUP BY warc
)
SELECT warc, w.portal, w.crawl, k.first, k.last, coalesce(k.captures, 0) AS captures,
       coalesce(k.revisits, 0) AS revisits, coalesce(s.stories, 0) AS stories,
       coalesce(d.damaged, 0) AS damaged, coalesce(k.bytes, 0) AS bytes
FROM warcs w LEFT JOIN kept k USING (warc) LEFT JOIN stories s USING (warc) LEFT JOIN damages d USING (warc)
WHERE $portal IS NULL OR w.portal = $portal
ORDER BY w.portal, k.first, warc
