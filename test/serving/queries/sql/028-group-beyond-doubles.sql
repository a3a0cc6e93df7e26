-- group beyond doubles
-- engine: duckdb
-- ordered

SELECT status, sum(serial) FROM trips GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done",45035996273892950]
-- ["lost",9007199254814928]
-- ["open",18014398509548030]
-- ["void",36028797019034600]
-- rows of newest
-- ["done",27021597764337930]
-- ["lost",9007199254785780]
-- ["open",18014398509523868]
-- ["void",9007199254786494]
