-- group filter aggregates
-- engine: direct
-- ordered

SELECT city, count(*) FILTER (WHERE status = 'done') AS done, count(*) FILTER (WHERE status = 'lost') AS lost FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",53,14]
-- ["Berlin",35,17]
-- ["Kyiv",55,15]
-- ["Lima",35,17]
-- ["Oslo",60,14]
-- ["Paris",58,16]
-- ["Quito",48,17]
-- ["São Paulo",38,27]
-- ["Zürich",34,13]
-- [null,23,11]
-- rows of newest
-- ["Accra",35,10]
-- ["Berlin",20,10]
-- ["Kyiv",32,7]
-- ["Lima",20,12]
-- ["Oslo",38,7]
-- ["Paris",38,12]
-- ["Quito",30,10]
-- ["São Paulo",20,15]
-- ["Zürich",22,6]
-- [null,14,7]
