-- unnest
-- engine: duckdb

SELECT sum(x) FROM (SELECT unnest([1, 2, 3]) AS x)

-- rows of all
-- [6]
-- rows of newest
-- [6]
