-- table alias
-- engine: direct
-- ordered

SELECT t.status, count(*) FROM trips AS t WHERE t.riders > 1 GROUP BY t.status ORDER BY t.status LIMIT 100

-- rows of all
-- ["done",357]
-- ["lost",138]
-- ["open",114]
-- ["void",131]
-- rows of newest
-- ["done",215]
-- ["lost",75]
-- ["open",68]
-- ["void",81]
