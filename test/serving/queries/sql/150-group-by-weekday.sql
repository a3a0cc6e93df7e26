-- group by weekday
-- engine: direct
-- ordered

SELECT dayofweek(started) AS d, count(*) FROM trips GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- [0,228]
-- [1,235]
-- [2,222]
-- [3,215]
-- rows of newest
-- [0,140]
-- [1,147]
-- [2,132]
-- [3,123]
