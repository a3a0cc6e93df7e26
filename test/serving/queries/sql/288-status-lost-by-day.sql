-- status lost by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'lost' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",47,131]
-- ["2026-03-02 00:00:00.0",36,108]
-- ["2026-03-03 00:00:00.0",43,135]
-- ["2026-03-04 00:00:00.0",43,144]
-- rows of newest
-- ["2026-03-01 00:00:00.0",27,70]
-- ["2026-03-02 00:00:00.0",21,66]
-- ["2026-03-03 00:00:00.0",24,75]
-- ["2026-03-04 00:00:00.0",25,76]
