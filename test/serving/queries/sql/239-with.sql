-- with
-- engine: duckdb
-- ordered

WITH per_city AS (SELECT city, sum(fare) AS f FROM trips GROUP BY city) SELECT city FROM per_city WHERE f > 500 ORDER BY f DESC, city LIMIT 100

-- rows of all
-- ["Quito"]
-- ["Berlin"]
-- ["Accra"]
-- ["São Paulo"]
-- ["Paris"]
-- ["Oslo"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Zürich"]
-- [null]
-- rows of newest
-- ["Accra"]
-- ["Quito"]
-- ["Paris"]
-- ["Berlin"]
-- ["Lima"]
-- ["Oslo"]
-- ["São Paulo"]
-- ["Kyiv"]
-- ["Zürich"]
-- [null]
