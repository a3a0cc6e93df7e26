-- status open top drivers
-- engine: direct
-- ordered

SELECT driver, count(*) AS n FROM trips WHERE status = 'open' GROUP BY driver ORDER BY n DESC, driver LIMIT 5

-- rows of all
-- [36,7]
-- [16,6]
-- [27,6]
-- [34,6]
-- [44,6]
-- rows of newest
-- [36,5]
-- [27,4]
-- [38,4]
-- [44,4]
-- [46,4]
