-- group huge sums
-- engine: duckdb
-- ordered

SELECT status, sum(driver) FROM trips GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done",63050394783197430]
-- ["lost",9007199254745142]
-- ["open",18014398509485570]
-- ["void",36028797018967800]
-- rows of newest
-- ["done",36028797018970460]
-- ["lost",9007199254743372]
-- ["open",9007199254743220]
-- ["void",9007199254743270]
