-- where not in with null
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders NOT IN (1, NULL)

-- rows of all
-- [0,null]
-- rows of newest
-- [0,null]
