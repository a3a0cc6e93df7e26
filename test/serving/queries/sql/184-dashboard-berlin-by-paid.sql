-- dashboard Berlin by paid
-- engine: direct
-- ordered

SELECT paid AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Berlin' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- [false,31,"568.01",4.336048275862069]
-- [true,55,"1247.13",4.996472000000001]
-- rows of newest
-- [false,16,"291.68",4.060059999999999]
-- [true,32,"800.85",5.910850000000001]
