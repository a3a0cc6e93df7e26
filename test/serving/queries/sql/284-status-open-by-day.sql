-- status open by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'open' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",40,120]
-- ["2026-03-02 00:00:00.0",45,128]
-- ["2026-03-03 00:00:00.0",32,98]
-- ["2026-03-04 00:00:00.0",29,71]
-- rows of newest
-- ["2026-03-01 00:00:00.0",22,70]
-- ["2026-03-02 00:00:00.0",30,82]
-- ["2026-03-03 00:00:00.0",19,62]
-- ["2026-03-04 00:00:00.0",14,33]
