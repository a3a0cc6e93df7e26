-- interval
-- engine: duckdb

SELECT count(*) FROM trips WHERE started + INTERVAL 1 DAY < TIMESTAMP '2026-03-03 00:00:00'

-- rows of all
-- [228]
-- rows of newest
-- [135]
