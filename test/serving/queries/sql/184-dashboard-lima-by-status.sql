-- dashboard Lima by status
-- engine: direct
-- ordered

SELECT status AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Lima' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["done",32,"507.17",4.513325806451612]
-- ["lost",16,"278.28",2.9634750000000003]
-- ["open",17,"211.93",7.082493749999999]
-- ["void",11,"206.52",6.65612]
-- rows of newest
-- ["done",18,"282.66",5.15814705882353]
-- ["lost",11,"157.99",3.0024636363636366]
-- ["open",12,"153.04",7.2975272727272715]
-- ["void",7,"135.36",7.761783333333334]
