-- status lost top drivers
-- engine: direct
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'lost' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [25,9]
-- [8,7]
-- [22,7]
-- [31,7]
-- [33,7]
-- rows of newest
-- [25,6]
-- [8,5]
-- [33,5]
-- [22,4]
-- [23,4]
