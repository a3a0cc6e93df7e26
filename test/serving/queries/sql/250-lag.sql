-- lag
-- engine: duckdb
-- ordered

SELECT d, n - lag(n) OVER (ORDER BY d) AS change FROM (SELECT date_trunc('day', started) AS d, count(*) AS n FROM trips GROUP BY d) ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",null]
-- ["2026-03-02 00:00:00.0",1]
-- ["2026-03-03 00:00:00.0",-6]
-- ["2026-03-04 00:00:00.0",-3]
-- rows of newest
-- ["2026-03-01 00:00:00.0",null]
-- ["2026-03-02 00:00:00.0",-4]
-- ["2026-03-03 00:00:00.0",2]
-- ["2026-03-04 00:00:00.0",1]
