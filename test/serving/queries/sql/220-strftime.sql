-- strftime
-- engine: duckdb
-- ordered

SELECT strftime(started, '%Y-%m-%d') AS d, count(*) FROM trips GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01",228]
-- ["2026-03-02",235]
-- ["2026-03-03",222]
-- ["2026-03-04",215]
-- rows of newest
-- ["2026-03-01",140]
-- ["2026-03-02",147]
-- ["2026-03-03",132]
-- ["2026-03-04",123]
