-- dashboard Lima by paid
-- engine: direct
-- ordered

SELECT paid AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Lima' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- [false,33,"396.8",5.674029032258064]
-- [true,54,"977.73",4.452994230769231]
-- rows of newest
-- [false,25,"291.01",5.338895833333333]
-- [true,34,"767.21",6.031859375]
