-- trip 499
-- engine: duckdb
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 499 ORDER BY version, started LIMIT 10

-- rows of all
-- [499,2,"Lima","void","2026-03-01 13:49:14.0","7.25",15.4905,1,1,false,"7"]
-- rows of newest
