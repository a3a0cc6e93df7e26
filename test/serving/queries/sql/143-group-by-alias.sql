-- group by alias
-- engine: direct

SELECT status AS s, count(*) AS n FROM trips GROUP BY s LIMIT 1000

-- rows of all
-- ["done",432]
-- ["lost",169]
-- ["open",144]
-- ["void",155]
-- rows of newest
-- ["lost",97]
-- ["done",252]
-- ["open",89]
-- ["void",95]
