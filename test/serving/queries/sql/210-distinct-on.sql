-- distinct on
-- engine: duckdb
-- ordered

SELECT DISTINCT ON (city) city, trip FROM trips ORDER BY city, fare DESC, trip LIMIT 100

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
