-- dashboard Zürich by date trunc day started
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Zürich' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",20,"365.51",5.793989473684211]
-- ["2026-03-02 00:00:00.0",15,"339.4",6.593286666666668]
-- ["2026-03-03 00:00:00.0",11,"189.96",5.50094]
-- ["2026-03-04 00:00:00.0",14,"191.78",6.181221428571429]
-- rows of newest
-- ["2026-03-01 00:00:00.0",13,"143.44",5.706608333333334]
-- ["2026-03-02 00:00:00.0",10,"160.19",8.05422]
-- ["2026-03-03 00:00:00.0",8,"146.31",6.3625]
-- ["2026-03-04 00:00:00.0",8,"101.39",4.2406875]
