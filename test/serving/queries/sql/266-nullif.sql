-- nullif
-- engine: duckdb

SELECT count(nullif(status, 'done')) FROM trips

-- rows of all
-- [461]
-- rows of newest
-- [273]
