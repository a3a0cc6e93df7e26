-- with
-- engine: duckdb
-- ordered

WITH per_city AS (SELECT city, sum(fare) AS f FROM trips GROUP BY city) SELECT city FROM per_city WHERE f > 500 ORDER BY f DESC, city LIMIT 100

-- rows of all
-- ["São Paulo"]
-- ["Accra"]
-- ["Quito"]
-- ["Berlin"]
-- ["Paris"]
-- ["Kyiv"]
-- ["Oslo"]
-- ["Lima"]
-- ["Zürich"]
-- [null]
-- rows of newest
-- ["Accra"]
-- ["São Paulo"]
-- ["Paris"]
-- ["Quito"]
-- ["Oslo"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Zürich"]
