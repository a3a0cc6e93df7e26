-- except
-- engine: duckdb
-- ordered

SELECT city FROM cities EXCEPT SELECT city FROM trips ORDER BY 1 LIMIT 100

-- rows of all
-- ["Nuuk"]
-- rows of newest
-- ["Nuuk"]
