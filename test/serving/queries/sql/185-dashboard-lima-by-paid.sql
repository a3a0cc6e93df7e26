-- dashboard Lima by paid
-- engine: direct
-- ordered

SELECT paid AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Lima' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- [false,28,"429.48",5.477380769230768]
-- [true,48,"774.42",4.782934042553191]
-- rows of newest
-- [false,18,"237.5",6.4909937499999995]
-- [true,30,"491.55",4.95528275862069]
