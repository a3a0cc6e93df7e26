-- dashboard Zürich by paid
-- engine: direct
-- ordered

SELECT paid AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Zürich' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- [false,25,"479.47",6.27796]
-- [true,35,"607.18",5.8661393939393935]
-- rows of newest
-- [false,16,"217.19",6.23700625]
-- [true,23,"334.14",6.093404545454546]
