-- pivot like
-- engine: duckdb
-- ordered

SELECT city, sum(CASE WHEN status = 'done' THEN 1 ELSE 0 END) AS done, sum(CASE WHEN status = 'open' THEN 1 ELSE 0 END) AS open FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",47,17]
-- ["Berlin",37,12]
-- ["Kyiv",46,17]
-- ["Lima",41,22]
-- ["Oslo",56,10]
-- ["Paris",57,13]
-- ["Quito",50,19]
-- ["São Paulo",38,17]
-- ["Zürich",36,10]
-- [null,24,7]
-- rows of newest
-- ["Accra",28,13]
-- ["Berlin",24,5]
-- ["Kyiv",27,12]
-- ["Lima",23,15]
-- ["Oslo",31,3]
-- ["Paris",33,10]
-- ["Quito",30,10]
-- ["São Paulo",19,11]
-- ["Zürich",21,8]
-- [null,16,2]
