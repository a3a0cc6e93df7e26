-- where always
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE 1 = 1

-- rows of all
-- [900,252039]
-- rows of newest
-- [542,155854]
