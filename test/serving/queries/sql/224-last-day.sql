-- last day
-- engine: duckdb

SELECT count(*) FROM trips WHERE started >= (SELECT max(started) - INTERVAL 1 DAY FROM trips)

-- rows of all
-- [227]
-- rows of newest
-- [139]
