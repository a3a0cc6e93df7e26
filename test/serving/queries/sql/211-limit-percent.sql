-- limit percent
-- engine: duckdb

SELECT count(*) FROM (SELECT * FROM trips LIMIT 50%)

-- rows of all
-- [450]
-- rows of newest
-- [266]
