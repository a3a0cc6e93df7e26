-- with two
-- engine: duckdb
-- ordered

WITH a AS (SELECT city, count(*) AS n FROM trips GROUP BY city), b AS (SELECT max(n) AS m FROM a) SELECT a.city, a.n FROM a, b WHERE a.n = b.m ORDER BY 1 LIMIT 10

-- rows of all
-- ["Accra",105]
-- rows of newest
-- ["Accra",69]
