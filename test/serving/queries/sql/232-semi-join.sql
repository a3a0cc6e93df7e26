-- semi join
-- engine: duckdb

SELECT count(*) FROM trips WHERE city IN (SELECT city FROM cities WHERE region = 'Europe')

-- rows of all
-- [457]
-- rows of newest
-- [265]
