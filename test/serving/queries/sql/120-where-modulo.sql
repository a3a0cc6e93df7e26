-- where modulo
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders % 2 = 0

-- rows of all
-- [359,101005]
-- rows of newest
-- [210,60099]
