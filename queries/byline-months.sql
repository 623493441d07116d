-- When did each byline appear, month by month?
--
-- Grain: one row per portal, byline and month of publication.
-- Parameters:
--   author VARCHAR = NULL | only this byline, as printed
--   portal VARCHAR = NULL | only this portal
-- Columns:
--   month | its first day
--   author | as printed
--   portal | id of the portal
--   stories | stories under the byline
--   words | their words
-- Plot: timeline x=month y=stories colour=author
-- Example: morestories query byline-months
-- Time: 0.3 s at 1 M articles, on two cores
SELECT date_trunc('month', published_day)::DATE AS month, author, portal, count(*) AS stories,
       sum(words)::BIGINT AS words
FROM (SELECT unnest(authors) AS author, portal, published_day, words FROM articles)
WHERE published_day IS NOT NULL AND ($author IS NULL OR author = $author)
  AND ($portal IS NULL OR portal = $portal)
GROUP BY month, author, portal
ORDER BY month DESC, stories DESC, author
