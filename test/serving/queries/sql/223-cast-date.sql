-- cast date
-- engine: duckdb
-- ordered

SELECT CAST(started AS DATE) AS d, count(*) FROM trips GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01",228]
-- ["2026-03-02",229]
-- ["2026-03-03",223]
-- ["2026-03-04",220]
-- rows of newest
-- ["2026-03-01",135]
-- ["2026-03-02",131]
-- ["2026-03-03",133]
-- ["2026-03-04",134]
