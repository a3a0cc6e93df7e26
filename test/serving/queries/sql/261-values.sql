-- values
-- engine: duckdb

SELECT sum(x) FROM (VALUES (1), (2), (3)) AS v(x)

-- rows of all
-- [6]
-- rows of newest
-- [6]
