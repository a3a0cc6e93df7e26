-- hash-free approx
-- engine: duckdb

SELECT approx_count_distinct(city) BETWEEN 5 AND 15 FROM trips

-- rows of all
-- [true]
-- rows of newest
-- [true]
