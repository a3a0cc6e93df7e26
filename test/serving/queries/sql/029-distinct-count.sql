-- distinct count
-- engine: duckdb

SELECT count(DISTINCT city), count(DISTINCT driver), count(DISTINCT status) FROM trips

-- rows of all
-- [9,51,4]
-- rows of newest
-- [9,51,4]
