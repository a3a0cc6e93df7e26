-- dashboard Zürich by status
-- engine: direct
-- ordered

SELECT status AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Zürich' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["done",29,"582.49",4.687037037037038]
-- ["lost",11,"201.3",6.672472727272727]
-- ["open",10,"137.13",8.29497]
-- ["void",10,"165.73",6.763470000000001]
-- rows of newest
-- ["done",21,"331.28",4.676465]
-- ["lost",5,"45.25",6.18008]
-- ["open",4,"39.97",11.07065]
-- ["void",9,"134.83",7.2371888888888884]
