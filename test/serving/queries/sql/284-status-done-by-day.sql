-- status done by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'done' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",108,307]
-- ["2026-03-02 00:00:00.0",105,291]
-- ["2026-03-03 00:00:00.0",106,332]
-- ["2026-03-04 00:00:00.0",113,373]
-- rows of newest
-- ["2026-03-01 00:00:00.0",62,183]
-- ["2026-03-02 00:00:00.0",60,160]
-- ["2026-03-03 00:00:00.0",64,196]
-- ["2026-03-04 00:00:00.0",66,233]
