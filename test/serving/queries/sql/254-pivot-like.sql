-- pivot like
-- engine: duckdb
-- ordered

SELECT city, sum(CASE WHEN status = 'done' THEN 1 ELSE 0 END) AS done, sum(CASE WHEN status = 'open' THEN 1 ELSE 0 END) AS open FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",53,16]
-- ["Berlin",35,13]
-- ["Kyiv",55,18]
-- ["Lima",35,18]
-- ["Oslo",60,12]
-- ["Paris",58,13]
-- ["Quito",48,22]
-- ["São Paulo",38,18]
-- ["Zürich",34,10]
-- [null,23,6]
-- rows of newest
-- ["Accra",35,8]
-- ["Berlin",20,7]
-- ["Kyiv",32,9]
-- ["Lima",20,13]
-- ["Oslo",38,8]
-- ["Paris",38,10]
-- ["Quito",30,14]
-- ["São Paulo",20,11]
-- ["Zürich",22,4]
-- [null,14,1]
