-- where like any case
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city ILIKE 'b%'

-- rows of all
-- [90,25249]
-- rows of newest
-- [49,13216]
