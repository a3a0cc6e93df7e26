-- where like any case
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city ILIKE 'b%'

-- rows of all
-- [85,24539]
-- rows of newest
-- [48,13910]
