-- min driver
-- engine: duckdb

SELECT min(driver) FROM trips

-- rows of all
-- [0]
-- rows of newest
-- [0]
