-- trip 499
-- engine: direct
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 499 ORDER BY version, started LIMIT 10

-- rows of all
-- [499,2,"Paris","done","2026-03-03 03:43:01.0","3",0,2,5,true,"quote ' here"]
-- rows of newest
-- [499,2,"Paris","done","2026-03-03 03:43:01.0","3",0,2,5,true,"quote ' here"]
