-- generate series
-- engine: duckdb

SELECT count(*) FROM generate_series(1, 100)

-- rows of all
-- [100]
-- rows of newest
-- [100]
