-- order by constant expression
-- engine: direct
-- ordered

SELECT status, count(*) AS n FROM trips GROUP BY status ORDER BY n * 2 DESC, status LIMIT 10

-- rows of all
-- ["done",432]
-- ["lost",169]
-- ["void",155]
-- ["open",144]
-- rows of newest
-- ["done",252]
-- ["lost",97]
-- ["void",95]
-- ["open",89]
