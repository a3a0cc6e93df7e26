-- running sum
-- engine: duckdb
-- ordered

SELECT d, sum(n) OVER (ORDER BY d) FROM (SELECT date_trunc('day', started) AS d, count(*) AS n FROM trips GROUP BY d) ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",228]
-- ["2026-03-02 00:00:00.0",457]
-- ["2026-03-03 00:00:00.0",680]
-- ["2026-03-04 00:00:00.0",900]
-- rows of newest
-- ["2026-03-01 00:00:00.0",135]
-- ["2026-03-02 00:00:00.0",266]
-- ["2026-03-03 00:00:00.0",399]
-- ["2026-03-04 00:00:00.0",533]
