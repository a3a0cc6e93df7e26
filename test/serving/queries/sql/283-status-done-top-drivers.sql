-- status done top drivers
-- engine: duckdb
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'done' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [31,16]
-- [1,15]
-- [33,14]
-- [18,12]
-- [45,12]
-- rows of newest
-- [31,11]
-- [39,9]
-- [45,9]
-- [9,8]
-- [18,8]
