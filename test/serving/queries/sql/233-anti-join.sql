-- anti join
-- engine: duckdb

SELECT count(*) FROM trips WHERE city NOT IN (SELECT city FROM cities WHERE region = 'Europe')

-- rows of all
-- [393]
-- rows of newest
-- [239]
