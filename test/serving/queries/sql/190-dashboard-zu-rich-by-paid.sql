-- dashboard Zürich by paid
-- engine: direct
-- ordered

SELECT paid AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Zürich' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- [false,28,"372.17",4.772207407407406]
-- [true,34,"610.18",5.740622580645161]
-- rows of newest
-- [false,19,"222.02",4.546052631578948]
-- [true,19,"272.94",7.904299999999999]
