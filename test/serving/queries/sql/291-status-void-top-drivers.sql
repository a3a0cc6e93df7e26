-- status void top drivers
-- engine: direct
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'void' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [1,6]
-- [24,6]
-- [35,6]
-- [48,6]
-- [2,5]
-- rows of newest
-- [2,5]
-- [9,4]
-- [30,4]
-- [35,4]
-- [39,4]
