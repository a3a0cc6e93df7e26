-- moving average
-- engine: duckdb
-- ordered

SELECT d, avg(n) OVER (ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (SELECT date_trunc('day', started) AS d, count(*) AS n FROM trips GROUP BY d) ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",228]
-- ["2026-03-02 00:00:00.0",228.5]
-- ["2026-03-03 00:00:00.0",226]
-- ["2026-03-04 00:00:00.0",221.5]
-- rows of newest
-- ["2026-03-01 00:00:00.0",135]
-- ["2026-03-02 00:00:00.0",133]
-- ["2026-03-03 00:00:00.0",132]
-- ["2026-03-04 00:00:00.0",133.5]
