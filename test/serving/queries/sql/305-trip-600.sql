-- trip 600
-- engine: direct
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 600 ORDER BY version, started LIMIT 10

-- rows of all
-- rows of newest
