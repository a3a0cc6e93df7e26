-- rows by key
-- engine: duckdb
-- ordered

SELECT trip, city, status, started, fare, distance, riders, driver, paid FROM trips WHERE trip = 42 ORDER BY version, started LIMIT 50

-- rows of all
-- [42,"Quito","done","2026-03-01 10:12:02.0","5",2.5,5,40,true]
-- rows of newest
-- [42,"Quito","done","2026-03-01 10:12:02.0","5",2.5,5,40,true]
