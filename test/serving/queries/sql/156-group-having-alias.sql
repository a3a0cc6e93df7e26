-- group having alias
-- engine: direct
-- ordered

SELECT city, sum(riders) AS r FROM trips GROUP BY city HAVING sum(riders) > 200 AND city IS NOT NULL ORDER BY r DESC, city LIMIT 100

-- rows of all
-- ["Kyiv",312]
-- ["São Paulo",306]
-- ["Quito",305]
-- ["Oslo",304]
-- ["Accra",290]
-- ["Paris",290]
-- ["Berlin",272]
-- ["Lima",234]
-- rows of newest
-- ["Oslo",202]
