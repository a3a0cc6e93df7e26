-- where two columns
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders = driver

-- rows of all
-- [14,3492]
-- rows of newest
-- [6,1560]
