-- moving average
-- engine: duckdb
-- ordered

SELECT d, avg(n) OVER (ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (SELECT date_trunc('day', started) AS d, count(*) AS n FROM trips GROUP BY d) ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",228]
-- ["2026-03-02 00:00:00.0",231.5]
-- ["2026-03-03 00:00:00.0",228.5]
-- ["2026-03-04 00:00:00.0",218.5]
-- rows of newest
-- ["2026-03-01 00:00:00.0",140]
-- ["2026-03-02 00:00:00.0",143.5]
-- ["2026-03-03 00:00:00.0",139.5]
-- ["2026-03-04 00:00:00.0",127.5]
