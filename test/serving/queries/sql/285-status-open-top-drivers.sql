-- status open top drivers
-- engine: duckdb
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'open' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [3,5]
-- [16,5]
-- [20,5]
-- [27,5]
-- [28,5]
-- rows of newest
-- [36,5]
-- [3,4]
-- [9,4]
-- [31,4]
-- [10,3]
