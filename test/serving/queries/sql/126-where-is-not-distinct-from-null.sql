-- where is not distinct from null
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city IS NOT DISTINCT FROM NULL

-- rows of all
-- [48,11886]
-- rows of newest
-- [28,6733]
