-- first value
-- engine: duckdb
-- ordered

SELECT DISTINCT status, first_value(trip) OVER (PARTITION BY status ORDER BY trip, version) AS f FROM trips ORDER BY status LIMIT 10

-- rows of all
-- ["done",0]
-- ["lost",2]
-- ["open",5]
-- ["void",0]
-- rows of newest
-- ["done",0]
-- ["lost",3]
-- ["open",9]
-- ["void",10]
