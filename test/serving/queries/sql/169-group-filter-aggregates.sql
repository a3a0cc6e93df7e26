-- group filter aggregates
-- engine: direct
-- ordered

SELECT city, count(*) FILTER (WHERE status = 'done') AS done, count(*) FILTER (WHERE status = 'lost') AS lost FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",47,19]
-- ["Berlin",37,20]
-- ["Kyiv",46,17]
-- ["Lima",41,14]
-- ["Oslo",56,15]
-- ["Paris",57,15]
-- ["Quito",50,21]
-- ["São Paulo",38,21]
-- ["Zürich",36,16]
-- [null,24,11]
-- rows of newest
-- ["Accra",28,12]
-- ["Berlin",24,11]
-- ["Kyiv",27,7]
-- ["Lima",23,11]
-- ["Oslo",31,10]
-- ["Paris",33,10]
-- ["Quito",30,11]
-- ["São Paulo",19,8]
-- ["Zürich",21,10]
-- [null,16,7]
