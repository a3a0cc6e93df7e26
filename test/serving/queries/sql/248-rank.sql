-- rank
-- engine: duckdb
-- ordered

SELECT status, n, rank() OVER (ORDER BY n DESC) AS r FROM (SELECT status, count(*) AS n FROM trips GROUP BY status) ORDER BY r, status LIMIT 10

-- rows of all
-- ["done",432,1]
-- ["lost",169,2]
-- ["void",155,3]
-- ["open",144,4]
-- rows of newest
-- ["done",252,1]
-- ["lost",97,2]
-- ["void",95,3]
-- ["open",89,4]
