-- group by status
-- engine: direct
-- ordered

SELECT status, count(*) FROM trips GROUP BY status ORDER BY 2 DESC, 1 LIMIT 25

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
