-- where equal null
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city = NULL

-- rows of all
-- [0,null]
-- rows of newest
-- [0,null]
