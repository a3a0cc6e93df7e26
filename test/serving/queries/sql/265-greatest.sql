-- greatest
-- engine: duckdb

SELECT sum(greatest(riders, 3)), sum(least(riders, 3)) FROM trips

-- rows of all
-- [3211,2152]
-- rows of newest
-- [1944,1312]
