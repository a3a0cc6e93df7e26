-- trip 250
-- engine: direct
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 250 ORDER BY version, started LIMIT 10

-- rows of all
-- [250,2,"Paris","done","2026-03-02 21:01:58.781","3",null,4,13,true,"7"]
-- [250,4,"Lima","open","2026-03-02 11:04:30.0","5",16.2296,2,31,true,"ünter way"]
-- rows of newest
-- [250,4,"Lima","open","2026-03-02 11:04:30.0","5",16.2296,2,31,true,"ünter way"]
