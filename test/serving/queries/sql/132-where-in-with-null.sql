-- where in with null
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders IN (1, NULL)

-- rows of all
-- [160,44824]
-- rows of newest
-- [94,26460]
