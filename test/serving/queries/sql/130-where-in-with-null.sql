-- where in with null
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders IN (1, NULL)

-- rows of all
-- [185,52470]
-- rows of newest
-- [106,30414]
