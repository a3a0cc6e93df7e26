-- status lost top drivers
-- engine: duckdb
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'lost' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [8,8]
-- [36,7]
-- [41,7]
-- [22,6]
-- [25,6]
-- rows of newest
-- [8,6]
-- [11,4]
-- [28,4]
-- [44,4]
-- [12,3]
