-- where is not distinct from null
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city IS NOT DISTINCT FROM NULL

-- rows of all
-- [50,11318]
-- rows of newest
-- [29,6046]
