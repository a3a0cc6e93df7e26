-- cross join
-- engine: duckdb

SELECT count(*) FROM cities a CROSS JOIN cities b

-- rows of all
-- [100]
-- rows of newest
-- [100]
