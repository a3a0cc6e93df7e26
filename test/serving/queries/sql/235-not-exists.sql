-- not exists
-- engine: duckdb
-- ordered

SELECT c.city FROM cities c WHERE NOT EXISTS (SELECT 1 FROM trips t WHERE t.city = c.city) ORDER BY 1 LIMIT 100

-- rows of all
-- ["Nuuk"]
-- rows of newest
-- ["Nuuk"]
