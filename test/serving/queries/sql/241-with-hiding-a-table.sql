-- with hiding a table
-- engine: duckdb

WITH trips AS (SELECT 1 AS x) SELECT * FROM trips

-- rows of all
-- [1]
-- rows of newest
-- [1]
