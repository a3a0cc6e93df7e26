-- modulo group
-- engine: duckdb
-- ordered

SELECT trip % 7 AS m, count(*) FROM trips GROUP BY m ORDER BY m LIMIT 10

-- rows of all
-- [0,126]
-- [1,146]
-- [2,124]
-- [3,128]
-- [4,130]
-- [5,131]
-- [6,115]
-- rows of newest
-- [0,78]
-- [1,73]
-- [2,79]
-- [3,77]
-- [4,77]
-- [5,76]
-- [6,73]
