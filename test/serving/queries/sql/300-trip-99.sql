-- trip 99
-- engine: duckdb
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 99 ORDER BY version, started LIMIT 10

-- rows of all
-- [99,2,"Quito","done","2026-03-01 01:57:30.0","3",2.5,4,21,false,"日本"]
-- rows of newest
-- [99,2,"Quito","done","2026-03-01 01:57:30.0","3",2.5,4,21,false,"日本"]
