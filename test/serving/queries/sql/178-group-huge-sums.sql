-- group huge sums
-- engine: direct
-- ordered

SELECT status, sum(driver) FROM trips GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done",10616]
-- ["lost",4328]
-- ["open",3783]
-- ["void",4025]
-- rows of newest
-- ["done",6298]
-- ["lost",2487]
-- ["open",2476]
-- ["void",2589]
