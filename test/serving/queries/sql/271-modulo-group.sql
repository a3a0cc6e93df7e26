-- modulo group
-- engine: duckdb
-- ordered

SELECT trip % 7 AS m, count(*) FROM trips GROUP BY m ORDER BY m LIMIT 10

-- rows of all
-- [0,130]
-- [1,145]
-- [2,124]
-- [3,132]
-- [4,120]
-- [5,127]
-- [6,122]
-- rows of newest
-- [0,74]
-- [1,79]
-- [2,78]
-- [3,79]
-- [4,78]
-- [5,78]
-- [6,76]
