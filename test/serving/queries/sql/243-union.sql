-- union
-- engine: duckdb
-- ordered

SELECT city FROM trips UNION SELECT city FROM cities ORDER BY 1 LIMIT 100

-- rows of all
-- ["Accra"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Nuuk"]
-- ["Oslo"]
-- ["Paris"]
-- ["Quito"]
-- ["São Paulo"]
-- ["Zürich"]
-- [null]
-- rows of newest
-- ["Accra"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Nuuk"]
-- ["Oslo"]
-- ["Paris"]
-- ["Quito"]
-- ["São Paulo"]
-- ["Zürich"]
-- [null]
