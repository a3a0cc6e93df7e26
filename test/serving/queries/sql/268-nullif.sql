-- nullif
-- engine: duckdb

SELECT count(nullif(status, 'done')) FROM trips

-- rows of all
-- [468]
-- rows of newest
-- [281]
