-- table alias
-- engine: direct
-- ordered

SELECT t.status, count(*) FROM trips AS t WHERE t.riders > 1 GROUP BY t.status ORDER BY t.status LIMIT 100

-- rows of all
-- ["done",359]
-- ["lost",123]
-- ["open",111]
-- ["void",122]
-- rows of newest
-- ["done",224]
-- ["lost",72]
-- ["open",64]
-- ["void",76]
