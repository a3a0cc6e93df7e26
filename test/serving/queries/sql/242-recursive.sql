-- recursive
-- engine: duckdb

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) SELECT sum(i) FROM n

-- rows of all
-- [210]
-- rows of newest
-- [210]
