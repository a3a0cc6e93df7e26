-- trip 250
-- engine: duckdb
-- ordered

SELECT trip, version, city, status, started, fare, distance, riders, driver, paid, note FROM trips WHERE trip = 250 ORDER BY version, started LIMIT 10

-- rows of all
-- [250,1,"São Paulo","open","2026-03-01 15:11:32.0","7.25",27.9117,1,27,false,null]
-- [250,4,"Lima","open","2026-03-02 11:04:30.0","5",16.2296,2,31,true,"ünter way"]
-- rows of newest
-- [250,4,"Lima","open","2026-03-02 11:04:30.0","5",16.2296,2,31,true,"ünter way"]
