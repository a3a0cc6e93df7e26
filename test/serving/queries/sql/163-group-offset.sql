-- group offset
-- engine: duckdb
-- ordered

SELECT driver, count(*) FROM trips GROUP BY driver ORDER BY driver LIMIT 5 OFFSET 7

-- rows of all
-- [7,15]
-- [8,22]
-- [9,19]
-- [10,16]
-- [11,18]
-- rows of newest
-- [7,13]
-- [8,16]
-- [9,17]
-- [10,9]
-- [11,13]
