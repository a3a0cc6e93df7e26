-- dashboard Berlin by date trunc day started
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Berlin' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",16,"309.85",1.9851266666666667]
-- ["2026-03-02 00:00:00.0",25,"574.78",2.906558333333333]
-- ["2026-03-03 00:00:00.0",24,"428.8",5.146371428571429]
-- ["2026-03-04 00:00:00.0",15,"404.4",5.755864285714286]
-- rows of newest
-- ["2026-03-01 00:00:00.0",9,"221.22",2.9721125]
-- ["2026-03-02 00:00:00.0",11,"280.01",1.19976]
-- ["2026-03-03 00:00:00.0",16,"220.72",3.6882076923076923]
-- ["2026-03-04 00:00:00.0",9,"303.6",9.5102625]
