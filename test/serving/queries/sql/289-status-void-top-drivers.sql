-- status void top drivers
-- engine: duckdb
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'void' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [1,6]
-- [5,5]
-- [19,5]
-- [20,5]
-- [26,5]
-- rows of newest
-- [5,5]
-- [7,4]
-- [20,4]
-- [43,4]
-- [44,4]
