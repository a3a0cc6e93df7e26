-- status done top drivers
-- engine: direct
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'done' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [25,13]
-- [1,12]
-- [13,12]
-- [18,12]
-- [37,12]
-- rows of newest
-- [1,9]
-- [37,9]
-- [47,9]
-- [27,8]
-- [0,7]
