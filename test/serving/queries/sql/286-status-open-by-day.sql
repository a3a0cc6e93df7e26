-- status open by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'open' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",36,105]
-- ["2026-03-02 00:00:00.0",46,135]
-- ["2026-03-03 00:00:00.0",33,95]
-- ["2026-03-04 00:00:00.0",29,78]
-- rows of newest
-- ["2026-03-01 00:00:00.0",20,57]
-- ["2026-03-02 00:00:00.0",27,81]
-- ["2026-03-03 00:00:00.0",21,58]
-- ["2026-03-04 00:00:00.0",21,56]
