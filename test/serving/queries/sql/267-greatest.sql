-- greatest
-- engine: duckdb

SELECT sum(greatest(riders, 3)), sum(least(riders, 3)) FROM trips

-- rows of all
-- [3242,2179]
-- rows of newest
-- [1931,1292]
