-- row number
-- engine: duckdb
-- ordered

SELECT city, trip FROM (SELECT city, trip, row_number() OVER (PARTITION BY city ORDER BY fare DESC, trip, version) AS r FROM trips) WHERE r = 1 ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",637]
-- ["Berlin",488]
-- ["Kyiv",301]
-- ["Lima",260]
-- ["Oslo",244]
-- ["Paris",464]
-- ["Quito",245]
-- ["São Paulo",363]
-- ["Zürich",50]
-- [null,471]
-- rows of newest
-- ["Accra",415]
-- ["Berlin",488]
-- ["Kyiv",301]
-- ["Lima",260]
-- ["Oslo",244]
-- ["Paris",167]
-- ["Quito",245]
-- ["São Paulo",363]
-- ["Zürich",291]
-- [null,299]
