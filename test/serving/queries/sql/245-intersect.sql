-- intersect
-- engine: duckdb
-- ordered

SELECT city FROM trips INTERSECT SELECT city FROM cities ORDER BY 1 LIMIT 100

-- rows of all
-- ["Accra"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Oslo"]
-- ["Paris"]
-- ["Quito"]
-- ["São Paulo"]
-- ["Zürich"]
-- rows of newest
-- ["Accra"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Oslo"]
-- ["Paris"]
-- ["Quito"]
-- ["São Paulo"]
-- ["Zürich"]
