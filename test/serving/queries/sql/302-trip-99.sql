-- trip 99
-- engine: direct
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 99 ORDER BY version, started LIMIT 10

-- rows of all
-- [99,2,"Paris","lost","2026-03-03 17:21:59.0","5",0,2,25,true,"comma, \"q\""]
-- rows of newest
-- [99,2,"Paris","lost","2026-03-03 17:21:59.0","5",0,2,25,true,"comma, \"q\""]
