-- rank
-- engine: duckdb
-- ordered

SELECT status, n, rank() OVER (ORDER BY n DESC) AS r FROM (SELECT status, count(*) AS n FROM trips GROUP BY status) ORDER BY r, status LIMIT 10

-- rows of all
-- ["done",439,1]
-- ["lost",161,2]
-- ["void",154,3]
-- ["open",146,4]
-- rows of newest
-- ["done",269,1]
-- ["lost",96,2]
-- ["void",92,3]
-- ["open",85,4]
