-- dashboard Berlin by paid
-- engine: direct
-- ordered

SELECT paid AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Berlin' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- [false,28,"595.69",3.849024]
-- [true,52,"1122.14",3.917644897959184]
-- rows of newest
-- [false,15,"376.71",3.912025]
-- [true,30,"648.84",4.179962962962963]
