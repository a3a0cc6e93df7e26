-- distinct on
-- engine: duckdb
-- ordered

SELECT DISTINCT ON (city) city, trip FROM trips ORDER BY city, fare DESC, trip LIMIT 100

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
