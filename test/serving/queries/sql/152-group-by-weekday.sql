-- group by weekday
-- engine: direct
-- ordered

SELECT dayofweek(started) AS d, count(*) FROM trips GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- [0,228]
-- [1,229]
-- [2,223]
-- [3,220]
-- rows of newest
-- [0,135]
-- [1,131]
-- [2,133]
-- [3,134]
