-- What is the network of "More Stories" between stories?
--
-- Grain: one row per pair of archived stories, the first leading to the second.
-- Parameters:
--   portal VARCHAR = NULL | only this portal
--   since DATE = NULL | only links captured from this day on
--   limit INTEGER = 10000 | at most so many
-- Columns:
--   source | address of the story that holds the block
--   target | address of the story that it shows
--   source_title | headline
--   target_title | headline
--   captures | in how many captures
--   first_captured | when it was first seen
--   apart | days from the target's publication to the source's
-- Plot: network source=source target=target source_title=source_title target_title=target_title
-- Example: morestories query more-stories-network --limit 10
-- Time: 8.1 s at 1 M articles, on two cores that others kept busy
SELECT a.url AS source, b.url AS target, any_value(a.title) AS source_title,
       any_value(b.title) AS target_title, count(DISTINCT l.capture) AS captures,
       min(l.captured) AS first_captured,
       any_value(a.published_day - b.published_day) AS apart
FROM links l
JOIN articles a ON a.article = l.from_article
JOIN articles b ON b.article = l.to_article
WHERE l.kind IN ('more_stories', 'inline_related') AND a.article <> b.article
  AND ($portal IS NULL OR l.portal = $portal)
  AND ($since IS NULL OR l.captured >= $since)
GROUP BY a.url, b.url
ORDER BY captures DESC, source, target
LIMIT $limit
