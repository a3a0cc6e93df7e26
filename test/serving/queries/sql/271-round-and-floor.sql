-- round and floor
-- engine: duckdb

SELECT sum(floor(distance)), sum(ceil(distance)), sum(round(distance)) FROM trips

-- rows of all
-- [3879,4317,4199]
-- rows of newest
-- [2456,2727,2657]
