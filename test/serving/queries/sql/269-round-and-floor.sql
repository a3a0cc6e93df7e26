-- round and floor
-- engine: duckdb

SELECT sum(floor(distance)), sum(ceil(distance)), sum(round(distance)) FROM trips

-- rows of all
-- [3947,4385,4280]
-- rows of newest
-- [2472,2741,2676]
