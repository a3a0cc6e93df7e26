-- where always
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE 1 = 1

-- rows of all
-- [900,249673]
-- rows of newest
-- [533,150905]
