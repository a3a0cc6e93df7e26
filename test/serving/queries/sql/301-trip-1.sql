-- trip 1
-- engine: direct
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 1 ORDER BY version, started LIMIT 10

-- rows of all
-- [1,1,null,"done","2026-03-01 01:58:40.0","31.4",2.5,2,49,false,"comma, \"q\""]
-- [1,1,"Kyiv","done","2026-03-04 14:51:57.0","5",0,3,2,true,"cash"]
-- rows of newest
-- [1,1,"Kyiv","done","2026-03-04 14:51:57.0","5",0,3,2,true,"cash"]
