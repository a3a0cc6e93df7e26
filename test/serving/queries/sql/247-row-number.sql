-- row number
-- engine: duckdb
-- ordered

SELECT city, trip FROM (SELECT city, trip, row_number() OVER (PARTITION BY city ORDER BY fare DESC, trip, version) AS r FROM trips) WHERE r = 1 ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",637]
-- ["Berlin",165]
-- ["Kyiv",301]
-- ["Lima",259]
-- ["Oslo",244]
-- ["Paris",346]
-- ["Quito",245]
-- ["São Paulo",375]
-- ["Zürich",213]
-- [null,470]
-- rows of newest
-- ["Accra",637]
-- ["Berlin",198]
-- ["Kyiv",301]
-- ["Lima",259]
-- ["Oslo",9]
-- ["Paris",193]
-- ["Quito",245]
-- ["São Paulo",375]
-- ["Zürich",213]
-- [null,11]
