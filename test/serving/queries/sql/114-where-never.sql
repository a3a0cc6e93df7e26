-- where never
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE 1 = 0

-- rows of all
-- [0,null]
-- rows of newest
-- [0,null]
