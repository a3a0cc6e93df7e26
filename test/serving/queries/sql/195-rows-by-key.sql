-- rows by key
-- engine: direct
-- ordered

SELECT trip, city, status, started, fare, distance, riders, driver, paid FROM trips WHERE trip = 42 ORDER BY version, started LIMIT 50

-- rows of all
-- [42,null,"done","2026-03-02 21:29:32.0","20.01",1,1,41,false]
-- rows of newest
-- [42,null,"done","2026-03-02 21:29:32.0","20.01",1,1,41,false]
